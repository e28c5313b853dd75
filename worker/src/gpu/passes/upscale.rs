//! The step `upscale`: from a filter's name to its passes.

use shotfarm_shared::media::{Extent, FrameLayout, Matrix};
use shotfarm_shared::recipe::{Filter, Reframe, Step, Upscale};

use super::kernel::Kernel;
use super::planes::{Planes, Sampling, resample};
use super::rgb::{Light, from_rgb, to_rgb};
use super::rows::Part;
use super::view::View;
use super::{RecordError, ewa, fsr};
use crate::gpu::recording::Recorder;

/// Records the step's filter, from a window of the picture to a picture of the size `target`. `wanted` is the chroma sampling to
/// leave behind where that costs nothing more. A picture that keeps its size is left alone by every filter but FSR, which still sharpens.
pub(super) fn record(
    recorder: &mut Recorder,
    upscale: &Upscale,
    planes: &Planes,
    Part { window, target, .. }: Part,
    input: &FrameLayout,
    wanted: Option<Sampling>,
) -> Result<Planes, RecordError> {
    if matches!(upscale.filter, Filter::Fsr { .. })
        && (window.width > f64::from(target.width) || window.height > f64::from(target.height))
    {
        return Err(RecordError::FsrShrinks { step: upscale.to_string(), from: planes.extent });
    }
    Ok(filtered(recorder, upscale.filter, planes, &View::still(window), target, input.colour.matrix, wanted))
}

/// Records a filter, from what is looked at of the picture to a picture of the size `target`; as [`record`]. `fsr` only enlarges.
pub(super) fn filtered(
    recorder: &mut Recorder,
    filter: Filter,
    planes: &Planes,
    view: &View,
    target: Extent,
    matrix: Matrix,
    wanted: Option<Sampling>,
) -> Planes {
    match filter {
        Filter::Fsr { stops_hundredths } => {
            fsr::record(recorder, planes, view, target, matrix, f64::from(stops_hundredths) / 100.0)
        }
        _ if view.is_identity(planes.extent, target) => *planes,
        Filter::Separable(filter) => {
            resample(recorder, planes, view, target, wanted.unwrap_or(planes.sampling), Kernel::of(filter))
        }
        Filter::Area => in_linear_light(recorder, planes, view, target, matrix, Kernel::Area),
        Filter::Mip => in_linear_light(recorder, planes, view, target, matrix, Kernel::Mip),
        Filter::Polar { kernel, antiring_hundredths } => {
            let antiring = f64::from(antiring_hundredths) / 100.0;
            ewa::record(recorder, planes, view, target, matrix, (kernel, antiring))
        }
    }
}

/// The kernel of steps that do nothing but change the size with a separable filter: they need no planes between the frames.
pub(super) fn alone(steps: &[Step]) -> Option<Kernel> {
    let ([Step::Upscale(Upscale { model: None, filter, .. })] | [Step::Reframe(Reframe { filter, .. })]) = steps else {
        return None;
    };
    if let Filter::Separable(filter) = filter { Some(Kernel::of(*filter)) } else { None }
}

/// Most source samples that a filter reads on either side of a sample that spans one of them; the widest is
/// `ewa-lanczos4sharpest` with 3.75. Wider samples widen it.
const REACH_SAMPLES: f64 = 4.0;
/// Rows for where chroma lies among luma, for its way to full size, and for the sharpening after an enlargement.
const MARGIN_ROWS: f64 = 10.0;

/// How many rows of the source beyond the place of its own any filter reads, where a row spans `pitch` of them. Chroma may have
/// every second row only.
pub(super) fn reach_rows(pitch: f64) -> f64 {
    2.0 * REACH_SAMPLES * pitch.max(1.0) + MARGIN_ROWS
}

/// A separable kernel where it should average light, not codes; leaves chroma at full size.
fn in_linear_light(
    recorder: &mut Recorder,
    planes: &Planes,
    view: &View,
    target: Extent,
    matrix: Matrix,
    kernel: Kernel,
) -> Planes {
    let values = to_rgb(recorder, planes, matrix, Light::Linear);
    let rgb = Planes { values, sampling: Sampling::FULL, ..*planes };
    let scaled = resample(recorder, &rgb, view, target, Sampling::FULL, kernel);
    from_rgb(recorder, scaled.values, target, matrix, Light::Linear)
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, PixelFormat, Range};
    use shotfarm_shared::recipe::Target;

    use super::*;
    use crate::gpu::passes::planes::{finish, unpack};
    use crate::gpu::passes::window::Window;
    use crate::gpu::twins;

    fn layout(extent: Extent) -> FrameLayout {
        let tags = ColourTags::default();
        let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags };
        FrameLayout { extent, format: PixelFormat::Yuv444p, colour }
    }

    fn scaled(filter: Filter, source: Extent, window: Window, target: Extent, frame: &[u8]) -> Vec<u8> {
        let (input, output) = (layout(source), layout(target));
        let upscale = Upscale { target: Target::Size(target), model: None, filter, check_hundredths: None };
        let mut recorder = Recorder::new(input.frame_bytes());
        let source = recorder.input();
        let planes = unpack(&mut recorder, source, &input);
        let planes =
            record(&mut recorder, &upscale, &planes, Part { window, target, first_row: 0 }, &input, None).expect("records");
        let recording = recorder.finish(output.frame_bytes(), |recorder, frame| finish(recorder, &planes, &output, false, frame));
        twins::run(&recording, frame)
    }

    /// Slopes that differ from place to place, and some noise: within what R'G'B' holds, so that FSR clips nothing.
    fn sample(plane: u32, x: u32, y: u32) -> u8 {
        let ripple = (x * 7 + y * 13 + x * y) % 11;
        if plane == 0 { (70 + 2 * x + y + ripple) as u8 } else { (124 + (x + 2 * y + plane) % 9) as u8 }
    }

    fn frame(source: Extent, origin: (u32, u32)) -> Vec<u8> {
        let places = (0..3).flat_map(|plane| (0..source.height).flat_map(move |y| (0..source.width).map(move |x| (plane, x, y))));
        places.map(|(plane, x, y)| sample(plane, origin.0 + x, origin.1 + y)).collect()
    }

    #[test]
    fn a_window_of_whole_pixels_is_a_crop() {
        let (source, crop) = (Extent::new(44, 36), Extent::new(26, 22));
        let window = Window { x: 9.0, y: 7.0, width: 26.0, height: 22.0 };
        for (filter, target) in Filter::all().into_iter().zip([Extent::new(52, 44), Extent::new(39, 33)].into_iter().cycle()) {
            let windowed = scaled(filter, source, window, target, &frame(source, (0, 0)));
            let cropped = scaled(filter, crop, Window::whole(crop), target, &frame(crop, (9, 7)));
            // Within, no kernel reaches beyond the crop.
            let border = 12;
            for (x, y) in (border..target.height - border).flat_map(|y| (border..target.width - border).map(move |x| (x, y))) {
                for plane in 0..3 {
                    let i = ((plane * target.height + y) * target.width + x) as usize;
                    assert!(windowed[i].abs_diff(cropped[i]) <= 1, "{filter} {x} {y} {plane}: {} {}", windowed[i], cropped[i]);
                }
            }
        }
    }

    #[test]
    fn a_window_between_pixels_moves_the_picture_by_as_much() {
        let source = Extent::new(40, 12);
        let ramp = |plane: usize| if plane == 0 { (0..480).map(|i| (40 + 4 * (i % 40)) as u8).collect() } else { vec![128; 480] };
        let frame = (0..3).flat_map(ramp).collect::<Vec<_>>();
        let window = Window { x: 4.5, y: 0.25, width: 20.0, height: 10.0 };
        for filter in Filter::all() {
            let target = Extent::new(40, 20);
            let found = scaled(filter, source, window, target, &frame);
            let row = &found[10 * 40..11 * 40];
            for (x, &code) in row.iter().enumerate().skip(4).take(30) {
                let place = 4.5 + (x as f64 + 0.5) / 2.0 - 0.5;
                let expected = 40.0 + 4.0 * place;
                // A sampled box shows pixels as they are, and filters in bent light bend a ramp a little.
                let tolerance = if filter == Filter::Area { 2.1 } else { 1.3 };
                assert!((f64::from(code) - expected).abs() < tolerance, "{filter} {x}: {code} is not {expected}");
            }
        }
    }
}
