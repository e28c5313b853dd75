use proptest::prelude::*;

use super::*;

fn labels(text: &str, form: Form) -> Result<Vec<String>, String> {
    let manifest = read(text.as_bytes(), form, &Defaults::default()).map_err(|faults| faults.to_string())?;
    let line = |shot: &ManifestShot| {
        format!("{} {} [{}] {}", shot.label, shot.source, crate::recipe::write_steps(&shot.recipe.steps), shot.output)
    };
    Ok(manifest.shots.iter().map(line).collect())
}

#[test]
fn one_shot_in_three_forms_is_the_same_shot() {
    let expected = vec!["九五/007/镜1 素材/镜 1.mp4 [upscale 2x filter=lanczos] 九五_007_镜1.mp4".to_owned()];
    let csv = "\u{feff}show,episode,shot,source,steps\r\n九五,007,镜1,素材/镜 1.mp4,upscale 2x filter=lanczos\r\n";
    let semicolons = "Shot;Source;Show;Episode;Steps\n镜1;素材/镜 1.mp4;九五;007;upscale 2x filter=lanczos\n;;;;\n";
    let json = r#"{"show": "九五", "steps": ["upscale 2x filter=lanczos"],
                   "shots": [{"episode": "007", "shot": "镜1", "source": "素材/镜 1.mp4"}]}"#;
    let toml =
        "show = '九五'\nepisode = '007'\n[[shots]]\nshot = '镜1'\nsource = '素材/镜 1.mp4'\nsteps = 'upscale 2x filter=lanczos'";
    assert_eq!(labels(csv, Form::Csv), Ok(expected.clone()));
    assert_eq!(labels(semicolons, Form::Csv), Ok(expected.clone()));
    assert_eq!(labels(json, Form::Json), Ok(expected.clone()));
    assert_eq!(labels(toml, Form::Toml), Ok(expected));
}

#[test]
fn every_fault_is_named_with_row_and_column() {
    let csv = "show,episode,shot,source,steps,output,note\n\
               a,1,s1,x.mp4,upscale 2x,,\n\
               a,1,s1,x.mp4,upscale 2x,../x.mp4,\n\
               a,1,s1,y.mp4,upscale 2x,other.mp4,\n\
               a,1,,,blur,,\n\
               a,1,s5,z.mp4,upscale 2x,s5.avi,\n\
               a,1,s6,z.mp4,upscale 2x,s6.mp4,,one too many\n";
    let faults = labels(csv, Form::Csv).expect_err("five bad rows");
    let lines: Vec<&str> = faults.lines().collect();
    assert_eq!(
        lines,
        [
            "row 3, column output: `../x.mp4` is no output name: it climbs out of its folder with `..`",
            "row 4, column shot: a/1/s1 stands already in row 2",
            "row 5, column shot: shot is empty; give every shot a show, an episode and a shot name",
            "row 5, column source: no source is given; write the path of the shot's clip",
            "row 5, column steps: `blur` is no step; known are `upscale`, `reframe`, `denoise`, `deband`, `sharpen` and `grain`",
            "row 6, column output: `s5.avi` does not end in `.mp4`, which is what profile phone-h264 makes",
            "row 7: it has 8 values and the first row names 7 columns",
        ]
    );
}

#[test]
fn outputs_that_cannot_both_be_written_are_faults() {
    let csv = "show,episode,shot,source,steps,output\na,1,s1,x.mp4,upscale 2x,E1/Cut.mp4/s1.mp4\na,1,s2,x.mp4,upscale 2x,e1/cut.mp4\n\
               a,1,s3,x.mp4,upscale 2x,E1/cut.MP4\na,1,s4,x.mp4,upscale 2x,e1/cut.mp4s/x.mp4\n";
    let faults = labels(csv, Form::Csv).expect_err("rows 2 and 4 are in the way");
    assert_eq!(
        faults.lines().collect::<Vec<_>>(),
        [
            "row 2, column output: output `E1/Cut.mp4/s1.mp4` needs a folder where the file `e1/cut.mp4` of row 4 is to be",
            "row 4, column output: output `E1/cut.MP4` is already that of row 3",
        ]
    );
}

#[test]
fn faults_are_in_the_order_of_rows_and_missing_values_have_their_column() {
    let rows: String = (1..=10).map(|shot| format!("a,1,s{shot},x.mp4\n")).collect();
    let faults = labels(&format!("show,episode,shot,source\n{rows}"), Form::Csv).expect_err("no steps");
    let places: Vec<&str> = faults.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(places, (2..=11).map(|row| format!("row {row}, column steps")).collect::<Vec<_>>());
    let faults = labels(r#"{"shots": [{"show": "a", "episode": "1", "shot": "s"}]}"#, Form::Json).expect_err("no source");
    assert!(faults.contains("shots[0].source: ") && faults.contains("shots[0].steps: "), "{faults}");
}

#[test]
fn sources_are_known_in_spite_of_faults() {
    let sources = sources(b"shot,source,steps\n1,a.mp4,blur\n2,,blur\n3,b.mp4,\n", Form::Csv);
    assert_eq!(sources, [("row 2".to_owned(), "a.mp4".to_owned()), ("row 4".to_owned(), "b.mp4".to_owned())]);
}

#[test]
fn structured_faults_have_key_paths() {
    let json = r#"{"fps": 24, "shots": [{"shot": 10, "source": true, "stpes": "upscale 2x"}, 5]}"#;
    let faults = labels(json, Form::Json).expect_err("bad keys");
    for line in [
        "fps: it is no known key; known are show,",
        "shots[0].shot: write it as text, \"10\", so that it is kept as it is",
        "shots[0].source: it is no text",
        "shots[0].stpes: it is no known key",
        "shots[1]: it is no object",
    ] {
        assert!(faults.contains(line), "{line} is missing from:\n{faults}");
    }
}

#[test]
fn a_track_is_named_in_three_forms_and_needs_a_reframe() {
    let track = |text: &str, form| {
        let manifest = read(text.as_bytes(), form, &Defaults::default()).map_err(|faults| faults.to_string())?;
        Ok::<_, String>(manifest.shots[0].track.clone().map(|track| (track.path, track.place)))
    };
    let csv = "show,episode,shot,source,steps,Reframe.Track\na,1,s1,x.mp4,reframe 9:16, 素材/s1.track.json\n";
    let row = ("素材/s1.track.json".to_owned(), "row 2, column reframe.track".to_owned());
    assert_eq!(track(csv, Form::Csv), Ok(Some(row)));
    let shot = r#""show": "a", "episode": "1", "shot": "s", "source": "x", "steps": "reframe 9:16""#;
    let path = ("t.json".to_owned(), "shots[0].reframe.track".to_owned());
    for named in [r#""reframe": {"track": "t.json"}"#, r#""reframe.track": "t.json""#] {
        assert_eq!(track(&format!(r#"{{"shots": [{{{shot}, {named}}}]}}"#), Form::Json), Ok(Some(path.clone())));
    }
    let toml = "[[shots]]\nshow='a'\nepisode='1'\nshot='s'\nsource='x'\nsteps='reframe 9:16'\nreframe.track='t.json'\n";
    assert_eq!(track(toml, Form::Toml), Ok(Some(path)));
    assert_eq!(track(&csv.replace(" 素材/s1.track.json", " "), Form::Csv), Ok(None));

    let fault = |text: &str, form| track(text, form).expect_err("a fault");
    let none = fault(&csv.replace("reframe 9:16", "upscale 2x"), Form::Csv);
    assert!(none.starts_with("row 2, column reframe.track: the shot's steps have no `reframe`"), "{none}");
    let two = fault(&csv.replace("reframe 9:16", &format!("reframe 9:16 track={}", "0".repeat(64))), Form::Csv);
    assert!(two.contains("its steps name another track"), "{two}");
    let all = fault(r#"{"reframe": {"track": "t", "zoom": "2"}, "shots": []}"#, Form::Json);
    assert!(all.contains("reframe.track: it belongs to one shot") && all.contains("reframe.zoom: it is no known key"), "{all}");
}

#[test]
fn what_is_no_manifest_is_said_plainly() {
    let error = |bytes: &[u8], form| read(bytes, form, &Defaults::default()).expect_err("no manifest").to_string();
    assert_eq!(error(b"", Form::Csv), "it has no shots");
    assert_eq!(error(b"{}", Form::Json), "it has no `shots`");
    assert!(error(b"{", Form::Json).starts_with("it is no JSON: EOF"));
    assert!(error(b"a = ", Form::Toml).starts_with("it is no TOML: "));
    assert!(error(b"name,file\nx,y\n", Form::Csv).starts_with("row 1: there is no column `shot`; known columns are show,"));
    let full_width = "shot，source\ns1，a.mp4\n".as_bytes();
    assert_eq!(error(full_width, Form::Csv), "row 1: its names are separated by full-width commas `，`; write `,`");
    assert_eq!(error(b"shot,source\n\xbe\xc5,x.mp4\n", Form::Csv), "line 2 is not UTF-8 (perhaps GBK); save it as \"CSV UTF-8\"");
    assert_eq!(error(b"\xff\xfes\0", Form::Csv), "it is UTF-16; save it as \"CSV UTF-8\"");
}

#[test]
fn columns_that_are_not_used_are_noted() {
    let manifest = read(
        b"shot,source,mood\ns1,a.mp4,sad\n",
        Form::Csv,
        &Defaults { show: Some("a".into()), episode: Some("1".into()), steps: Some("upscale 2x".into()), profile: None },
    );
    assert_eq!(manifest.expect("a good row").notes, ["column `mood` is not used"]);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for form in [Form::Csv, Form::Json, Form::Toml] {
            let _ = read(&bytes, form, &Defaults::default());
        }
    }

    #[test]
    fn values_are_kept_as_written(shot in "[0-9A-Za-z_ 九五]{1,12}", source in "[0-9A-Za-z_/\" ,;九五]{1,20}") {
        prop_assume!(!shot.trim().is_empty() && !source.trim().is_empty());
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        writer.write_record(["show", "episode", "shot", "source", "steps", "output"]).expect("memory");
        writer.write_record(["a", "001", &shot, &source, "upscale 2x", "o.mp4"]).expect("memory");
        let bytes = writer.into_inner().expect("memory");
        let manifest = read(&bytes, Form::Csv, &Defaults::default()).expect("good rows");
        prop_assert_eq!(manifest.shots[0].label.shot(), shot.trim());
        prop_assert_eq!(&manifest.shots[0].source, source.trim());
        prop_assert_eq!(manifest.shots[0].label.episode(), "001");
    }
}
