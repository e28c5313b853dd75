//! The words after `shotfarm reframe` and `shotfarm zones`, and how places are written on the command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgGroup, Args};
use shotfarm_shared::media::Extent;
use shotfarm_shared::track::Layout;

/// How a shot is framed.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("change").args(["key", "layout", "use_track", "clear"]).multiple(true),
    group = ArgGroup::new("save").args(["sheet", "track", "overlay"]).multiple(true).conflicts_with("change"),
)]
pub(crate) struct Reframe {
    /// Its label, the last part of it, or the id or short id of its job
    pub(crate) shot: String,
    /// Save the sheet: frames with their windows, and the path over time
    #[arg(long, value_name = "FILE", help_heading = "Save, as soon as it is planned")]
    pub(crate) sheet: Option<PathBuf>,
    /// Save the track, to be looked at or changed
    #[arg(long, value_name = "FILE", help_heading = "Save, as soon as it is planned")]
    pub(crate) track: Option<PathBuf>,
    /// Save the preview clip, in which the window moves over the source
    #[arg(long, value_name = "FILE", help_heading = "Save, as soon as it is planned")]
    pub(crate) overlay: Option<PathBuf>,
    /// Replace files that are there and differ
    #[arg(long, requires = "save", help_heading = "Save, as soon as it is planned")]
    pub(crate) force: bool,
    /// Put the window's centre at X (and Y) in this frame, HEIGHT high: in pixels of the source, or in percent of it, such as
    /// 70=35% or 70=640,360@900; the shot is handed in again
    #[arg(long, value_name = "FRAME=X[,Y][@HEIGHT]", help_heading = "Set by hand")]
    pub(crate) key: Vec<KeyText>,
    /// Fill the result in this way in the stretch that has this frame: crop, split or fit
    #[arg(long, value_name = "FRAME=LAYOUT", help_heading = "Set by hand")]
    pub(crate) layout: Vec<LayoutText>,
    /// Follow this track, whole or in part, instead of what was set by hand before
    #[arg(long = "use", value_name = "FILE", id = "use_track", help_heading = "Set by hand")]
    pub(crate) use_track: Option<PathBuf>,
    /// Forget what was set by hand and follow the plan again
    #[arg(long, conflicts_with_all = ["key", "layout", "use_track"], help_heading = "Set by hand")]
    pub(crate) clear: bool,
}

/// A studio's own zones.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ZonesFile {
    /// A studio's own zones, which stand before those that come along; `shotfarm zones --template` prints a file to start from
    #[arg(long = "zones", value_name = "FILE", env = "SHOTFARM_ZONES_FILE")]
    pub(crate) zones_file: Option<PathBuf>,
}

/// The known zones.
#[derive(Debug, Args)]
pub(crate) struct Zones {
    #[command(flatten)]
    pub(crate) zones: ZonesFile,
    /// Print the file of those that come along, to be changed and handed in with --zones
    #[arg(long, conflicts_with = "json")]
    pub(crate) template: bool,
}

/// A place or length along one side of the source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Measure {
    /// In pixels.
    Pixels(f64),
    /// In percent of the side.
    Percent(f64),
}

/// A key as it is written: `FRAME=X[,Y][@HEIGHT]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct KeyText {
    pub(crate) frame: u64,
    pub(crate) x: Option<Measure>,
    pub(crate) y: Option<Measure>,
    pub(crate) height: Option<Measure>,
}

/// A layout as it is written: `FRAME=LAYOUT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LayoutText {
    pub(crate) frame: u64,
    pub(crate) layout: Layout,
}

impl Measure {
    /// In pixels of a side that is so long; `None` for percent of a side that is not known yet.
    pub(crate) fn pixels(self, side: Option<u32>) -> Option<f64> {
        match self {
            Self::Pixels(pixels) => Some(pixels),
            Self::Percent(percent) => side.map(|side| f64::from(side) * percent / 100.0),
        }
    }
}

impl KeyText {
    /// Whether it can only be understood with the source's size.
    pub(crate) fn needs_extent(&self) -> bool {
        [self.x, self.y, self.height].into_iter().flatten().any(|measure| matches!(measure, Measure::Percent(_)))
    }

    /// Its centre and height in pixels of a source of that size, as far as they are given and can be known.
    pub(crate) fn pixels(&self, extent: Option<Extent>) -> [Option<f64>; 3] {
        let (width, height) = (extent.map(|extent| extent.width), extent.map(|extent| extent.height));
        [(self.x, width), (self.y, height), (self.height, height)].map(|(measure, side)| measure?.pixels(side))
    }
}

impl FromStr for Measure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, percent) = text.strip_suffix('%').map_or((text, false), |number| (number, true));
        let value = number.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
        let value = value.ok_or_else(|| format!("`{text}` is no place; write pixels such as 640, or percent such as 35%"))?;
        if percent && value > 100.0 {
            return Err(format!("`{text}` is outside of the picture; write 0% to 100%"));
        }
        Ok(if percent { Self::Percent(value) } else { Self::Pixels(value) })
    }
}

impl FromStr for KeyText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (frame, rest) = at_frame(text, "70=35% or 70=640,360@900")?;
        let (centre, height) = rest.split_once('@').map_or((rest, None), |(centre, height)| (centre, Some(height)));
        let (x, y) = centre.split_once(',').map_or((centre, None), |(x, y)| (x, Some(y)));
        let read = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::parse).transpose();
        let key = Self { frame, x: read(Some(x))?, y: read(y)?, height: read(height)? };
        if key.x.or(key.y).or(key.height).is_none() {
            return Err(format!("`{text}` says nothing about frame {frame}; write a place, such as {frame}=35%"));
        }
        Ok(key)
    }
}

impl FromStr for LayoutText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (frame, layout) = at_frame(text, "70=split")?;
        let layout = match layout {
            "crop" => Layout::Crop,
            "split" => Layout::Split,
            "fit" => Layout::Fit,
            other => return Err(format!("`{other}` is no layout; known are crop, split and fit")),
        };
        Ok(Self { frame, layout })
    }
}

/// Reads `FRAME=` and gives what follows.
fn at_frame<'a>(text: &'a str, example: &str) -> Result<(u64, &'a str), String> {
    let wrong = || format!("`{text}` names no frame; write one such as {example}");
    let (frame, rest) = text.split_once('=').ok_or_else(wrong)?;
    Ok((frame.trim().parse().map_err(|_| wrong())?, rest.trim()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Cli, Verb};
    use super::*;
    use clap::Parser as _;

    fn key(text: &str) -> Result<KeyText, String> {
        text.parse()
    }

    #[test]
    fn keys_are_read_in_pixels_and_percent() {
        let whole = key("70=640,360.5@50%").expect("a key");
        assert_eq!(whole.pixels(Some(Extent::new(1920, 1080))), [Some(640.0), Some(360.5), Some(540.0)]);
        assert_eq!(whole.pixels(None), [Some(640.0), Some(360.5), None]);
        assert_eq!(key("0=35%").expect("a key").pixels(Some(Extent::new(1920, 1080))), [Some(672.0), None, None]);
        assert_eq!(key("5=@900").map(|key| (key.x, key.height)), Ok((None, Some(Measure::Pixels(900.0)))));
        assert_eq!(key("5=,540").map(|key| key.y), Ok(Some(Measure::Pixels(540.0))));
    }

    #[test]
    fn what_is_no_key_is_told_what_to_write() {
        for (text, part) in [
            ("640", "`640` names no frame; write one such as 70=35%"),
            ("-3=640", "`-3=640` names no frame"),
            ("70=left", "`left` is no place; write pixels such as 640, or percent such as 35%"),
            ("70=NaN", "`NaN` is no place"),
            ("70=-5", "`-5` is no place"),
            ("70=135%", "`135%` is outside of the picture"),
            ("70=", "`70=` says nothing about frame 70"),
        ] {
            let error = key(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
        let error = "70=stack".parse::<LayoutText>().expect_err("no layout");
        assert_eq!(error, "`stack` is no layout; known are crop, split and fit");
    }

    #[test]
    fn a_shot_is_shown_saved_or_changed_but_not_two_at_once() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' ')).map(|cli| cli.verb).map_err(|error| error.to_string());
        let Ok(Verb::Reframe(verb)) = parse("shotfarm reframe sh0010 --key 70=35% --key 90=40% --layout 12=split") else {
            panic!()
        };
        assert_eq!((verb.key.len(), verb.layout[0].layout), (2, Layout::Split));
        assert!(parse("shotfarm reframe sh0010 --sheet a.png --track a.json --force").is_ok());
        assert!(parse("shotfarm reframe sh0010 --use a.json --key 3=5").is_ok());
        for refused in ["--sheet a.png --key 3=5", "--clear --key 3=5", "--clear --use a.json", "--force", "--force --key 3=5"] {
            assert!(parse(&format!("shotfarm reframe sh0010 {refused}")).is_err(), "{refused}");
        }
        assert!(parse("shotfarm zones --template --json").is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,20}") {
            let _ = key(&text);
            let _ = key(&format!("7={text}"));
            let _ = format!("7={text}").parse::<LayoutText>();
        }
    }
}
