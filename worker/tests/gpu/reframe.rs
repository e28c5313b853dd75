//! `reframe` on shots: a window that moves makes of every frame what the same window makes that stands still, it moves between
//! pixels, and its layouts lie where they should.

use crate::common::{codes, frame, layout, noise, picture, reached, recording, render_range, software_gpu, steps, twin_range};
use crate::twins::agrees;
use shotfarm_shared::media::{ChromaSite, Extent, FrameLayout, PixelFormat};
use shotfarm_shared::recipe::Filter;
use shotfarm_shared::track::{Camera, Layout, Stretch, Track, Window};
use shotfarm_worker::gpu::{Executor, Gpu, Means, RecordError, Recording, record_for};
use shotfarm_worker::net::Models;

fn window(x: f64, y: f64, width: f64, height: f64) -> Window {
    Window { x, y, width, height }
}

/// A stretch with a window for each frame.
fn stretch(first: u64, layout: Layout, windows: &[Window], second: &[Window]) -> Stretch {
    let end = first + windows.len().max(second.len()) as u64;
    let (windows, second) = (windows.to_vec(), second.to_vec());
    Stretch { first, end, camera: Camera::Follow, layout, why: String::new(), windows, second }
}

fn track(stretches: &[Stretch]) -> Track {
    Track { stretches: stretches.to_vec(), ..Track::empty() }
}

/// A crop with a window for each frame.
fn crops(windows: &[Window]) -> Track {
    track(&[stretch(0, Layout::Crop, windows, &[])])
}

fn try_recording(text: &str, input: &FrameLayout, output: &FrameLayout, track: &Track) -> Result<Recording, RecordError> {
    let (models, executor) = (Models::new(), Executor::default());
    record_for(&steps(text), input, output, Means::new(&models, &executor).with_track(Some(track)))
}

fn framed(text: &str, input: &FrameLayout, output: &FrameLayout, track: &Track) -> Recording {
    try_recording(text, input, output, track).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn luma(layout: &FrameLayout, bytes: &[u8]) -> Vec<u16> {
    codes(layout, bytes)[..layout.extent.pixels() as usize].to_vec()
}

/// What `steps` make of one frame with one window that stands still.
fn still(gpu: &Gpu, text: &str, (input, output): (&FrameLayout, &FrameLayout), window: Window, frame: &[u8]) -> Vec<u8> {
    let recording = framed(text, input, output, &crops(&[window]));
    assert_eq!(recording.tail.bytes(frame.len()), 0, "what stands still comes with no frame");
    render_range(gpu, &recording, &[frame.to_vec()], 0..1).remove(0)
}

/// Windows that the picture is enlarged from, with others of other sizes behind them: the tables have room for these too.
const ENLARGED: [Window; 3] = [
    Window { x: 11.3, y: 1.7, width: 15.75, height: 28.0 },
    Window { x: 30.0, y: 3.0, width: 17.7, height: 31.5 },
    Window { x: 47.6, y: 9.1, width: 13.5, height: 24.0 },
];
/// The same, larger than what becomes of them.
const SHRUNK: [Window; 3] = [
    Window { x: 2.2, y: 0.4, width: 19.8, height: 35.2 },
    Window { x: 40.0, y: 0.0, width: 20.25, height: 36.0 },
    Window { x: 43.4, y: 1.0, width: 18.5, height: 32.9 },
];

#[test]
fn every_filter_makes_of_a_moving_window_what_it_makes_of_one_that_stands() {
    let gpu = software_gpu();
    for filter in Filter::all() {
        for (format, target, windows) in [
            (PixelFormat::Yuv420p, Extent::new(36, 64), ENLARGED),
            (PixelFormat::Yuv422p10le, Extent::new(36, 64), ENLARGED),
            (PixelFormat::Yuv420p, Extent::new(10, 18), SHRUNK),
        ] {
            if matches!(filter, Filter::Fsr { .. }) && windows == SHRUNK {
                continue;
            }
            let text = format!("reframe {target} filter={}", filter.name());
            let (input, output) = (layout(64, 36, format), layout(target.width, target.height, format));
            let shot = [picture(&input), noise(&input, 7), picture(&input)];
            let recording = framed(&text, &input, &output, &crops(&windows));
            let found = render_range(&gpu, &recording, &shot, 0..3);
            for (index, (found, window)) in found.iter().zip(windows).enumerate() {
                let expected = still(&gpu, &text, (&input, &output), window, &shot[index]);
                if matches!(filter, Filter::Polar { .. }) {
                    // A still window may share a table of weights that a moving one has to count.
                    agrees(&output, found, &expected).unwrap_or_else(|what| panic!("{text}, frame {index}: {what}"));
                } else {
                    assert!(*found == expected, "{text} of {}, frame {index}", format.name());
                }
            }
        }
    }
}

#[test]
fn the_whole_picture_as_a_window_is_a_change_of_size() {
    let gpu = software_gpu();
    for filter in Filter::all() {
        for target in [Extent::new(24, 40), Extent::new(16, 22)] {
            if matches!(filter, Filter::Fsr { .. }) && target.width < 20 {
                continue;
            }
            let (input, output) =
                (layout(20, 34, PixelFormat::Yuv420p), layout(target.width, target.height, PixelFormat::Yuv420p));
            let shot = vec![picture(&input); 2];
            // The second frame's window keeps the first from standing still.
            let whole = window(0.0, 0.0, 20.0, 34.0);
            let moving = crops(&[whole, window(0.5, 0.5, 19.0, 33.0)]);
            let upscaled = recording(&format!("upscale {target} filter={}", filter.name()), &input, &output);
            let expected = render_range(&gpu, &upscaled, &shot, 0..1).remove(0);
            let text = format!("reframe {target} filter={}", filter.name());
            let found = render_range(&gpu, &framed(&text, &input, &output, &moving), &shot, 0..1).remove(0);
            agrees(&output, &found, &expected).unwrap_or_else(|what| panic!("{text}: {what}"));
            assert_eq!(still(&gpu, &text, (&input, &output), whole, &shot[0]), expected, "{text}");
        }
    }
}

/// Crops, a split and a fit in one track, so that every layer is there and is nowhere in some frames.
fn mixed(target: Extent) -> Track {
    let half = f64::from(target.height) / 2.0;
    let wide = |x: f64, y: f64, height: f64| window(x, y, height * f64::from(target.width) / half, height);
    track(&[
        stretch(0, Layout::Crop, &ENLARGED[..2], &[]),
        stretch(2, Layout::Split, &[wide(3.1, 4.2, 18.0), wide(4.4, 4.2, 17.0)], &[wide(30.0, 8.3, 20.0)]),
        stretch(4, Layout::Fit, &[window(0.0, 0.0, 64.0, 36.0), window(2.0, 2.0, 58.5, 32.0)], &[]),
    ])
}

#[test]
fn every_layout_in_every_filter_holds_to_its_twins() {
    let gpu = software_gpu();
    for filter in Filter::all().into_iter().filter(|filter| !matches!(filter, Filter::Fsr { .. })) {
        let target = Extent::new(36, 64);
        let (input, output) = (layout(64, 36, PixelFormat::Yuv420p), layout(36, 64, PixelFormat::Yuv420p));
        let text = format!("reframe {target} filter={}", filter.name());
        let recording = framed(&text, &input, &output, &mixed(target));
        let shot = (0..6).map(|index| if index == 1 { noise(&input, 5) } else { picture(&input) }).collect::<Vec<_>>();
        let found = render_range(&gpu, &recording, &shot, 0..6);
        for (index, (found, expected)) in found.iter().zip(twin_range(&recording, &shot, 0..6)).enumerate() {
            agrees(&output, found, &expected).unwrap_or_else(|what| panic!("{text}, frame {index}: {what}"));
        }
    }
}

/// To the byte, though every range begins with frames that others render, and the picture that reaches the step belongs to an
/// earlier frame than the one that is submitted.
#[test]
fn a_shot_is_the_same_wherever_it_is_split() {
    let gpu = software_gpu();
    let input = layout(64, 36, PixelFormat::Yuv420p);
    for text in ["reframe 36x64 filter=lanczos", "denoise frames=1 | reframe 36x64 | denoise frames=1 | upscale 1.25x | grain"] {
        let recording = framed(text, &input, &reached(text, &input, PixelFormat::Yuv420p), &mixed(Extent::new(36, 64)));
        let shot = (0..6).map(|seed| if seed % 2 == 0 { picture(&input) } else { noise(&input, seed) }).collect::<Vec<_>>();
        let whole = render_range(&gpu, &recording, &shot, 0..6);
        for cut in 1..6 {
            let parts = [render_range(&gpu, &recording, &shot, 0..cut), render_range(&gpu, &recording, &shot, cut..6)].concat();
            assert!(parts == whole, "{text}, cut at {cut}");
        }
    }
}

/// The scene stands still, so that denoising leaves it as it is, and the window jumps: were a frame framed by the window of the
/// one that is submitted with it, it would show another place.
#[test]
fn a_window_is_that_of_the_frame_it_frames_however_late_that_is() {
    let gpu = software_gpu();
    let input = layout(64, 36, PixelFormat::Yuv444p);
    let ramp = |_: usize| (0..36 * 64).map(|i| 40 + 2 * (i % 64)).collect::<Vec<_>>();
    let frame = frame(&input, &[ramp(0), vec![128; 2 * 36 * 64]].concat());
    let windows = [0.0, 30.0, 4.0, 40.0, 12.0, 43.75].map(|x| window(x, 0.0, 20.25, 36.0));
    for (text, delay) in [
        ("reframe 36x64 filter=bilinear", 0),
        ("denoise strength=0.05 frames=2 | reframe 36x64 filter=bilinear", 2),
        ("upscale 2x filter=bilinear | denoise strength=0.05 frames=1 | reframe 36x64 filter=area", 1),
    ] {
        let output = layout(36, 64, PixelFormat::Yuv444p);
        let recording = framed(text, &input, &output, &crops(&windows));
        assert_eq!(recording.delay_frames, delay);
        let found = render_range(&gpu, &recording, &vec![frame.clone(); 6], 0..6);
        for (index, (found, window)) in found.iter().zip(windows).enumerate() {
            let middle = f64::from(luma(&output, found)[32 * 36 + 18]);
            let expected = 40.0 + 2.0 * (window.x + 18.5 * window.width / 36.0 - 0.5);
            assert!((middle - expected).abs() < 1.5, "{text}, frame {index}: {middle} is not {expected}");
        }
    }
}

/// Where a wave of `turns` across the line lies, in turns.
fn phase(line: &[u16], turns: f64) -> f64 {
    let angle = |index: usize| std::f64::consts::TAU * turns * (index as f64 + 0.5) / line.len() as f64;
    let sum = |part: fn(f64) -> f64| line.iter().enumerate().map(|(i, code)| f64::from(*code) * part(angle(i))).sum::<f64>();
    sum(f64::sin).atan2(sum(f64::cos)) / std::f64::consts::TAU
}

/// A quarter of a pixel a frame over a wave: the picture moves by as much every time.
#[test]
fn windows_move_between_pixels() {
    let gpu = software_gpu();
    let input = layout(96, 40, PixelFormat::Yuv444p10le);
    // Eight pixels a turn; the window is four turns wide.
    let wave = |x: usize| (512.0 + 200.0 * (std::f64::consts::TAU * (x as f64 + 0.5) / 8.0).sin()).round() as u16;
    let grey = vec![512; 2 * 96 * 40];
    let frame = frame(&input, &[(0..40 * 96).map(|i| wave(i % 96)).collect(), grey].concat());
    let windows = (0..9).map(|step| window(20.0 + 0.25 * f64::from(step), 2.0, 32.0, 36.0)).collect::<Vec<_>>();
    let output = layout(64, 72, PixelFormat::Yuv444p10le);
    for filter in Filter::all() {
        let text = format!("reframe 64x72 filter={}", filter.name());
        let recording = framed(&text, &input, &output, &crops(&windows));
        let found = render_range(&gpu, &recording, &vec![frame.clone(); windows.len()], 0..windows.len());
        let phases = found.iter().map(|frame| phase(&luma(&output, frame)[36 * 64..37 * 64], 4.0)).collect::<Vec<_>>();
        for (index, pair) in phases.windows(2).enumerate() {
            // Eight pixels are a turn, and the wave comes back after one.
            let moved = 8.0 * (pair[1] - pair[0] + 0.5).rem_euclid(1.0) - 4.0;
            assert!((moved.abs() - 0.25).abs() < 0.02, "{text}, from frame {index}: {moved:.4} pixels");
        }
    }
}

#[test]
fn the_halves_of_a_split_are_crops_of_their_own() {
    let gpu = software_gpu();
    for (target, half, places) in [
        (Extent::new(36, 64), Extent::new(36, 32), [(0, 0), (0, 32)]),
        (Extent::new(64, 20), Extent::new(32, 20), [(0, 0), (32, 0)]),
    ] {
        let aspect = f64::from(half.width) / f64::from(half.height);
        let of = |x: f64, y: f64, height: f64| window(x, y, height * aspect, height);
        let (upper, lower) = ([of(2.3, 1.0, 16.0), of(3.1, 1.0, 16.0)], [of(25.0, 5.5, 20.0), of(25.0, 5.9, 20.0)]);
        for filter in ["lanczos", "ewa-lanczos"] {
            let (input, output) =
                (layout(64, 36, PixelFormat::Yuv420p), layout(target.width, target.height, PixelFormat::Yuv420p));
            let shot = vec![picture(&input); 2];
            let text = format!("reframe {target} filter={filter}");
            let split = framed(&text, &input, &output, &track(&[stretch(0, Layout::Split, &upper, &lower)]));
            let found = render_range(&gpu, &split, &shot, 0..2);
            for (windows, (left, top)) in [(upper, places[0]), (lower, places[1])] {
                let small = layout(half.width, half.height, PixelFormat::Yuv420p);
                let alone = framed(&format!("reframe {half} filter={filter}"), &input, &small, &crops(&windows));
                for (index, expected) in render_range(&gpu, &alone, &shot, 0..2).iter().enumerate() {
                    let part = part_of(&output, &found[index], (left, top), half);
                    agrees(&small, &part, expected).unwrap_or_else(|what| panic!("{text}, frame {index}, {left},{top}: {what}"));
                }
            }
        }
    }
}

/// A part of a frame, as a frame.
fn part_of(whole: &FrameLayout, bytes: &[u8], (left, top): (u32, u32), extent: Extent) -> Vec<u8> {
    let part = FrameLayout { extent, ..whole.clone() };
    let sub = whole.format.subsampling();
    let (all, mut first, mut found) = (codes(whole, bytes), 0, Vec::new());
    let planes = whole.format.planes(whole.extent).into_iter().zip(part.format.planes(extent));
    for (index, (from, to)) in planes.enumerate() {
        let (left, top) = if index == 0 { (left, top) } else { (left >> sub.log2_x, top >> sub.log2_y) };
        for row in top..top + to.height {
            let begin = first + (row * from.width + left) as usize;
            found.extend_from_slice(&all[begin..begin + to.width as usize]);
        }
        first += from.pixels() as usize;
    }
    frame(&part, &found)
}

#[test]
fn a_fit_is_shown_whole_over_a_darkened_blur_of_itself() {
    let gpu = software_gpu();
    let (input, output) = (layout(64, 36, PixelFormat::Yuv420p), layout(36, 64, PixelFormat::Yuv420p));
    let shown = [window(0.0, 0.0, 64.0, 36.0), window(0.0, 0.0, 64.0, 36.0)];
    for filter in ["lanczos", "ewa-lanczos", "area"] {
        let text = format!("reframe 36x64 filter={filter}");
        let recording = framed(&text, &input, &output, &track(&[stretch(0, Layout::Fit, &shown, &[])]));
        let shot = vec![picture(&input); 2];
        let found = render_range(&gpu, &recording, &shot, 0..1).remove(0);
        // 64 by 36 in 36 columns: 20 rows, in the middle.
        let small = layout(36, 20, PixelFormat::Yuv420p);
        let expected = still(&gpu, &format!("reframe 36x20 filter={filter}"), (&input, &small), shown[0], &shot[0]);
        let inside = part_of(&output, &found, (0, 22), small.extent);
        let apart = codes(&small, &inside).into_iter().zip(codes(&small, &expected)).map(|(left, right)| left.abs_diff(right));
        // It is dithered, for the sake of what is around it.
        assert!(apart.max() <= Some(1), "{text}");
    }
}

/// Above and below a fit.
#[test]
fn the_ground_of_a_fit_is_smooth_and_dark() {
    let gpu = software_gpu();
    let (input, output) = (layout(64, 36, PixelFormat::Yuv420p), layout(108, 192, PixelFormat::Yuv420p));
    let text = "reframe 108x192 filter=bilinear";
    let recording = framed(text, &input, &output, &track(&[stretch(0, Layout::Fit, &[window(0.0, 0.0, 64.0, 36.0)], &[])]));
    let light = |code: &u16| f64::from(*code) - 16.0;
    let shot = [picture(&input)];
    let found = render_range(&gpu, &recording, &shot, 0..1).remove(0);
    let luma = luma(&output, &found);
    let rows = luma.chunks(108).map(|row| row.iter().map(light).collect::<Vec<_>>()).collect::<Vec<_>>();
    let ground = rows[..66].iter().chain(&rows[126..]);
    let steepest = ground.clone().flat_map(|row| row.windows(2)).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
    assert!(steepest < 8.0, "neighbours differ by {steepest}");
    // The middle third of the picture is what fills the result.
    let source = codes(&input, &shot[0]);
    let middle = (0..36).flat_map(|y| &source[y * 64 + 22..y * 64 + 42]).map(light).sum::<f64>() / 720.0;
    let mean = ground.flatten().sum::<f64>() / (108.0 * 132.0);
    assert!((mean / middle - 0.4).abs() < 0.06, "{mean:.1} of {middle:.1}");
}

/// Chroma that rises evenly over the picture has, wherever it is sampled, the value of its place.
#[test]
fn chroma_lies_where_its_site_says() {
    let gpu = software_gpu();
    for format in PixelFormat::ALL {
        for site in [ChromaSite::Left, ChromaSite::Center, ChromaSite::TopLeft] {
            let of = |extent: Extent| {
                let mut layout = layout(extent.width, extent.height, format);
                layout.colour.site = site;
                layout
            };
            let (input, output) = (of(Extent::new(64, 36)), of(Extent::new(36, 64)));
            let (sub, depth) = (format.subsampling(), f64::from(1_u32 << (format.bits() - 8)));
            // Where a chroma sample lies among luma, whose sample k covers k..k+1.
            let place = |index: u32, log2: u32, on_sample: bool| match (log2, on_sample) {
                (0, _) | (_, true) => f64::from(index << log2) + 0.5,
                (_, false) => f64::from(index << log2) + 1.0,
            };
            let column = |index| place(index, sub.log2_x, site != ChromaSite::Center);
            let row = |index| place(index, sub.log2_y, site == ChromaSite::TopLeft);
            let value = |x: f64, y: f64| depth * (10.0 + 2.0 * x + 2.0 * y);
            let chroma = input.format.planes(input.extent)[1];
            let plane = (0..chroma.height).flat_map(|y| (0..chroma.width).map(move |x| (x, y)));
            let plane = plane.map(|(x, y)| value(column(x), row(y)).round() as u16).collect::<Vec<_>>();
            let grey = vec![(128.0 * depth) as u16; input.extent.pixels() as usize];
            let frame = frame(&input, &[grey, plane.clone(), plane].concat());
            let windows = [window(9.3, 4.1, 15.75, 28.0), window(31.9, 3.7, 15.75, 28.0)];
            for filter in ["bilinear", "ewa-lanczos"] {
                let text = format!("reframe 36x64 filter={filter}");
                let recording = framed(&text, &input, &output, &crops(&windows));
                let found = render_range(&gpu, &recording, &vec![frame.clone(); 2], 0..2);
                for (found, window) in found.iter().zip(windows) {
                    let found = codes(&output, found);
                    let extent = output.format.planes(output.extent)[1];
                    let first = output.extent.pixels() as usize;
                    let (mut sum, mut count) = (0.0, 0.0);
                    for (x, y) in (6..extent.height - 6).flat_map(|y| (6..extent.width - 6).map(move |x| (x, y))) {
                        let got = f64::from(found[first + (y * extent.width + x) as usize]) / depth;
                        let source_x = window.x + column(x) * window.width / 36.0;
                        let source_y = window.y + row(y) * window.height / 64.0;
                        let expected = value(source_x, source_y) / depth;
                        assert!(
                            (got - expected).abs() < 1.6,
                            "{text} {} {site:?} {x} {y}: {got} is not {expected}",
                            format.name()
                        );
                        (sum, count) = (sum + got - expected, count + 1.0);
                    }
                    // Half a luma sample beside its place, chroma would be off by one code and more.
                    assert!((sum / count).abs() < 0.2, "{text} {} {site:?}: off by {}", format.name(), sum / count);
                }
            }
        }
    }
}

#[test]
fn what_cannot_be_framed_is_refused_in_a_sentence() {
    let (input, output) = (layout(64, 36, PixelFormat::Yuv420p), layout(36, 64, PixelFormat::Yuv420p));
    let fit = track(&[stretch(0, Layout::Crop, &ENLARGED, &[]), stretch(3, Layout::Fit, &[window(0.0, 0.0, 64.0, 36.0)], &[])]);
    let error = try_recording("reframe 36x64 filter=fsr", &input, &output, &fit).expect_err("shrinks").to_string();
    assert!(error.contains("the window of frame 3 smaller, 64x36 of the picture to 36x20"), "{error}");
    assert!(error.ends_with("fsr only enlarges; use filter=lanczos or filter=ewa-lanczos"), "{error}");
    try_recording("reframe 36x64 filter=fsr", &input, &output, &crops(&ENLARGED)).expect("enlarges");
    let error = try_recording("reframe 36x64", &input, &output, &Track::empty()).expect_err("no windows").to_string();
    assert!(error.contains("`reframe 36x64") && error.contains("follows a track that was not fetched"), "{error}");
}

/// What a crop records is what a change of size alone records: one pass a plane, and the copies of its tables.
#[test]
fn a_crop_costs_no_more_than_a_crop() {
    let input = layout(64, 36, PixelFormat::Yuv420p);
    let output = layout(64, 112, PixelFormat::Yuv420p);
    let moving = [0.0, 0.25, 0.5].map(|x| window(x, 0.0, 20.25, 36.0));
    let recording = framed("reframe 64x112 filter=lanczos", &input, &output, &crops(&moving));
    let names = recording.passes().map(|pass| pass.shader.facts().name).collect::<Vec<_>>();
    assert_eq!(names, ["scale"; 3]);
    // Luma's and chroma's columns; rows stand still.
    assert_eq!(recording.ops.iter().filter(|op| op.name() == "copy").count(), 4);
}
