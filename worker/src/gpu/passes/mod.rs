//! From the steps of a recipe to the passes of a job.
//!
//! Between steps a picture is three planes of normalised f32 (luma 0..1, chroma -1/2..1/2) in the light it is coded in, so any
//! filter may follow any other. Chroma keeps its subsampling through separable steps and is at full size after the others; the
//! last step, or a resampling of its own, brings it to the output's. A job that is one separable step needs no planes: it goes
//! from codes to codes. What a reframe looks at changes from frame to frame: those tables come with the frames.

mod band_frames;
mod colour;
mod deband;
mod denoise;
mod ewa;
mod faces;
mod frame_table;
mod fsr;
mod grain;
mod kernel;
mod layers;
mod look;
mod model;
mod places;
mod planes;
mod reframe;
mod rgb;
mod rows;
mod scale;
mod sharpen;
mod tables;
mod upscale;
mod view;
mod window;

use shotfarm_shared::media::{Extent, FrameLayout};
use shotfarm_shared::recipe::{Step, Upscale};
use shotfarm_shared::track::{Layout, Track};

use self::kernel::Kernel;
use self::planes::{Planes, Sampling};
use self::rows::{Band, Part};
use self::view::View;
use super::recording::{Proxy, Recorder, Recording};
use crate::net::Models;

pub(crate) use self::faces::record_face_input;
pub use self::faces::{FaceInput, record_faces};
pub use self::frame_table::FrameTable;
pub use self::look::{Features, record_look};
pub use self::model::Executor;
pub(crate) use self::planes::line_grid;
pub use self::rows::reach_rows;
pub use self::window::Window;

/// Why steps cannot be recorded for a pair of layouts.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RecordError {
    /// FSR was asked to make a picture smaller.
    #[error("`{step}` would make {from} smaller along an axis, and fsr only enlarges; use filter=lanczos or filter=ewa-lanczos")]
    FsrShrinks {
        /// The step.
        step: String,
        /// The size it starts from.
        from: Extent,
    },
    /// A filter for standard dynamic range on a high dynamic range source.
    #[error("`{step}` works in the light of standard dynamic range and the source is HDR; use filter=lanczos")]
    Hdr {
        /// The step.
        step: String,
    },
    /// A network that nobody handed over.
    #[error("`{step}` runs a network that was not fetched; a recipe names networks by digest, and its task brings their files")]
    NoModel {
        /// The step.
        step: String,
    },
    /// FSR was asked to make what a window shows smaller.
    #[error(
        "`{step}` would make the window of frame {frame} smaller, {} of the picture to {} of the result, and fsr only enlarges; \
         use filter=lanczos or filter=ewa-lanczos",
        sides(window),
        sides(place)
    )]
    FsrShrinksWindow {
        /// The step.
        step: String,
        /// The first such frame of the shot.
        frame: u64,
        /// Width and height of its window, in pixels of the picture that reaches the step.
        window: [f64; 2],
        /// Width and height of what the window becomes, in pixels of the result.
        place: [f64; 2],
    },
    /// A track that nobody handed over, or an empty one.
    #[error("`{step}` follows a track that was not fetched or has no windows; a render's task brings it")]
    NoTrack {
        /// The step.
        step: String,
    },
    /// A network that cannot do what the step asks.
    #[error("the step's network cannot be run on these pictures: {why}")]
    Model {
        /// What is wrong.
        why: String,
    },
    /// The steps end at another size than the output's.
    #[error("the steps reach {reached} and the output is laid out for {output}; lay it out with Recipe::output_layout")]
    Extent {
        /// Where the steps end.
        reached: Extent,
        /// What the output says.
        output: Extent,
    },
    /// Input and output have different matrices.
    #[error("the source's matrix is {input} and the output's is {output}; the passes keep the source's matrix")]
    Matrix {
        /// Of the source.
        input: &'static str,
        /// Of the output.
        output: &'static str,
    },
    /// A frame outside the farm's bounds.
    #[error(transparent)]
    Bounds(#[from] shotfarm_shared::media::ExtentOutOfBounds),
}

fn sides([width, height]: &[f64; 2]) -> String {
    format!("{}x{}", (width * 10.0).round() / 10.0, (height * 10.0).round() / 10.0)
}

/// What steps need beside the frames.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// Every network that a step runs.
    pub models: &'a Models,
    /// How networks are run.
    pub executor: &'a Executor,
    /// The windows that a reframe follows, held to its shot ([`Track::check`]).
    pub track: Option<&'a Track>,
}

impl<'a> Means<'a> {
    /// Networks alone.
    #[must_use]
    pub fn new(models: &'a Models, executor: &'a Executor) -> Self {
        Self { models, executor, track: None }
    }

    /// The same with a track.
    #[must_use]
    pub fn with_track(self, track: Option<&'a Track>) -> Self {
        Self { track, ..self }
    }
}

/// Records everything that is done to each frame of a job: a raw frame of the layout `input` in, one of `output` out. With no
/// steps it only changes the pixel format. `models` has every network that a step runs.
///
/// # Errors
/// When the steps do not lead from `input` to `output`, or a filter does not suit them. A recipe with a reframe needs [`record_for`].
pub fn record(steps: &[Step], input: &FrameLayout, output: &FrameLayout, models: &Models) -> Result<Recording, RecordError> {
    record_for(steps, input, output, Means::new(models, &Executor::default()))
}

/// As [`record`], with all that steps may need.
///
/// # Errors
/// As [`record`].
pub fn record_for(steps: &[Step], input: &FrameLayout, output: &FrameLayout, means: Means<'_>) -> Result<Recording, RecordError> {
    record_in(Fit::default(), steps, input, output, means)
}

/// How a job is cut to fit on a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// Rows of the output that are made at a time, or near it; the whole picture where it does not say, and where a step must
    /// see the whole picture.
    pub band_rows: Option<u32>,
}

/// As [`record_for`], in bands. What comes out is the same, up to the rounding of what lies between two codes.
///
/// # Errors
/// As [`record`].
pub fn record_in(
    fit: Fit,
    steps: &[Step],
    input: &FrameLayout,
    output: &FrameLayout,
    means: Means<'_>,
) -> Result<Recording, RecordError> {
    input.extent.check()?;
    output.extent.check()?;
    if input.colour.matrix != output.colour.matrix {
        let name = colour::matrix_name;
        return Err(RecordError::Matrix { input: name(input.colour.matrix), output: name(output.colour.matrix) });
    }
    let mut reached = input.extent;
    for step in steps {
        reached = step.extent(reached);
        reached.check()?;
    }
    if reached != output.extent {
        return Err(RecordError::Extent { reached, output: output.extent });
    }
    let job = Job { steps, input, output, means, dither: dithers(steps, input, output, means.track) };
    let mut recorded = Ok(());
    let recording = Recorder::new(input.frame_bytes()).finish(output.frame_bytes(), |recorder, frame| {
        recorded = match fit.band_rows.and_then(|count| rows::bands(steps, input.extent, count)) {
            None => job.record(recorder, &rows::whole(steps, input.extent), recorder.input(), frame),
            Some(bands) => bands.iter().try_for_each(|band| {
                recorder.begin_band();
                job.record_band(recorder, band, frame)
            }),
        };
    });
    recorded.map(|()| recording)
}

/// What is recorded.
struct Job<'a> {
    steps: &'a [Step],
    input: &'a FrameLayout,
    output: &'a FrameLayout,
    means: Means<'a>,
    dither: bool,
}

impl Job<'_> {
    /// One band from the whole input frame into its rows of the whole output frame.
    fn record_band(&self, recorder: &mut Recorder, band: &Band, frame: Proxy) -> Result<(), RecordError> {
        let (input, output) = (band_frames::layout_of(self.input, band.read), band_frames::layout_of(self.output, band.made));
        let read = band_frames::load(recorder, recorder.input(), self.input, band.read);
        let made = recorder.scratch("rows of the output", output.frame_bytes() as u64);
        Job { input: &input, output: &output, ..*self }.record(recorder, band, read, made)?;
        band_frames::store(recorder, made, frame, self.output, (band.made, band.kept));
        Ok(())
    }

    /// The rows of a band, from a raw frame of them to a raw frame of what they become.
    fn record(&self, recorder: &mut Recorder, band: &Band, source: Proxy, frame: Proxy) -> Result<(), RecordError> {
        let Self { steps, input, output, means, dither } = *self;
        if let Some((kernel, view)) = self.straight(band)? {
            planes::scale_frame(recorder, (source, input), &view, kernel, (frame, output), dither);
            return Ok(());
        }
        let mut planes = planes::unpack(recorder, source, input);
        let wanted = Sampling::of(output);
        for (index, (step, part)) in steps.iter().zip(&band.parts).enumerate() {
            let last = index + 1 == steps.len();
            planes = record_step(recorder, step, planes, *part, input, last.then_some(wanted), means)?;
        }
        planes::finish(recorder, &planes, output, dither, frame);
        Ok(())
    }

    /// The kernel and what it looks at, where all that is done is one change of size with a separable filter: it needs no planes
    /// between the frames.
    fn straight(&self, band: &Band) -> Result<Option<(Kernel, View)>, RecordError> {
        let (Some(kernel), [step], [part]) = (upscale::alone(self.steps), self.steps, band.parts.as_slice()) else {
            return Ok(None);
        };
        let view = match step {
            Step::Reframe(step) => reframe::crop(step, self.means.track, self.input.extent, part.target)?,
            _ => Some(View::still(part.window)),
        };
        Ok(view.filter(|view| !view.is_identity(self.input.extent, part.target)).map(|view| (kernel, view)))
    }
}

/// Records the way of a frame's luma into a plane, 0..1.
pub(crate) fn unpack_luma(recorder: &mut Recorder, layout: &FrameLayout) -> Proxy {
    planes::unpack(recorder, recorder.input(), layout).values[0]
}

/// Whether the output's rounding to codes is spread over neighbours. Where the depth shrinks, and after steps whose very work is
/// values between the codes: rounding them would bring the bands back that `deband` took away and `denoise` laid bare, and
/// make steps of fine `grain`. Not after scaling and sharpening, whose results are as rough as their source; but for the blurred
/// ground of the layout `fit`.
fn dithers(steps: &[Step], input: &FrameLayout, output: &FrameLayout, track: Option<&Track>) -> bool {
    let between_codes = |step: &Step| match step {
        Step::Upscale(_) | Step::Sharpen(_) => false,
        Step::Reframe(_) => track.is_some_and(|track| track.layouts().contains(&Layout::Fit)),
        Step::Denoise(denoise) => denoise.strength_hundredths > 0,
        Step::Deband(deband) => deband.strength_hundredths > 0,
        Step::Grain(grain) => grain.strength_hundredths > 0,
    };
    output.format.bits() < input.format.bits() || steps.iter().any(between_codes)
}

/// One step from planes to planes. `wanted` is the chroma sampling to leave behind where that costs nothing more.
fn record_step(
    recorder: &mut Recorder,
    step: &Step,
    planes: Planes,
    part: Part,
    input: &FrameLayout,
    wanted: Option<Sampling>,
    means: Means<'_>,
) -> Result<Planes, RecordError> {
    if input.colour.is_hdr() && step.needs_sdr().is_some() {
        return Err(RecordError::Hdr { step: step.to_string() });
    }
    match step {
        Step::Upscale(upscale) => record_upscale(recorder, upscale, planes, part, input, wanted, means),
        Step::Reframe(reframe) => reframe::record(recorder, reframe, means.track, &planes, part.target, input, wanted),
        Step::Denoise(step) => Ok(denoise::record(recorder, &planes, step)),
        Step::Deband(step) => Ok(deband::record(recorder, &planes, part.first_row, step)),
        Step::Sharpen(step) => Ok(sharpen::record(recorder, &planes, step)),
        Step::Grain(step) => Ok(grain::record(recorder, &planes, part.first_row, step)),
    }
}

/// A network first, where the step names one; then the filter the rest of the way.
fn record_upscale(
    recorder: &mut Recorder,
    upscale: &Upscale,
    planes: Planes,
    part: Part,
    input: &FrameLayout,
    wanted: Option<Sampling>,
    Means { models, executor, .. }: Means<'_>,
) -> Result<Planes, RecordError> {
    let Some(model) = &upscale.model else { return upscale::record(recorder, upscale, &planes, part, input, wanted) };
    let network = model.digest.and_then(|digest| models.get(&digest));
    let network = network.ok_or_else(|| RecordError::NoModel { step: Step::Upscale(upscale.clone()).short() })?;
    // `rows::bands` leaves the picture whole for a network, so the part is all of it.
    let enlarged = model::record(recorder, &planes, (network, input.colour.matrix), part.target, executor)?;
    if enlarged.extent == part.target {
        return Ok(enlarged);
    }
    let rest = Part { window: Window::whole(enlarged.extent), ..part };
    upscale::record(recorder, upscale, &enlarged, rest, input, wanted)
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, Matrix, PixelFormat, Range};
    use shotfarm_shared::recipe::read_steps;

    use super::*;
    use crate::gpu::recording::Pass;
    use crate::gpu::shaders::Shader;

    fn layout(width: u32, height: u32, format: PixelFormat) -> FrameLayout {
        let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags: ColourTags::default() };
        FrameLayout { extent: Extent::new(width, height), format, colour }
    }

    fn passes(text: &str, input: &FrameLayout, output: &FrameLayout) -> Result<Vec<&'static str>, String> {
        let steps = read_steps(text).expect("a recipe");
        let recording = record(&steps, input, output, &Models::new()).map_err(|error| error.to_string())?;
        Ok(recording.passes().map(|pass| pass.shader.facts().name).collect())
    }

    #[test]
    fn separable_steps_stay_in_planes() {
        let (input, output) = (layout(64, 36, PixelFormat::Yuv420p), layout(256, 144, PixelFormat::Yuv420p));
        let names = passes("upscale 2x filter=lanczos | upscale 2x filter=mitchell", &input, &output).expect("records");
        assert_eq!(names.iter().filter(|name| **name == "scale").count(), 6);
        assert!(!names.contains(&"to_rgb"));
    }

    #[test]
    fn a_change_of_size_alone_goes_from_frame_to_frame_in_one_pass_a_plane() {
        let input = layout(64, 36, PixelFormat::Yuv420p);
        assert_eq!(passes("upscale 2x filter=lanczos", &input, &layout(128, 72, PixelFormat::Yuv420p)), Ok(vec!["scale"; 3]));
        // Rows of 33 chroma samples are no whole words, and a tenth needs more texels than a block reads.
        let names = passes("upscale 66x36 filter=bilinear", &input, &layout(66, 36, PixelFormat::Yuv420p)).expect("records");
        assert_eq!(names.iter().filter(|name| **name == "pack").count(), 3);
        let input = layout(640, 360, PixelFormat::Yuv420p);
        let names = passes("upscale 0.1x filter=lanczos", &input, &layout(64, 36, PixelFormat::Yuv420p)).expect("records");
        assert!(names.contains(&"resample_across") && names.contains(&"resample_down"), "{names:?}");
    }

    #[test]
    fn what_does_not_suit_is_refused_in_a_sentence() {
        let input = layout(64, 36, PixelFormat::Yuv420p);
        let error = passes("upscale 0.5x filter=fsr", &input, &layout(32, 18, PixelFormat::Yuv420p)).expect_err("shrinks");
        assert!(error.contains("64x36 smaller") && error.contains("fsr only enlarges; use filter=lanczos"), "{error}");
        let error = passes("upscale 2x", &input, &layout(64, 36, PixelFormat::Yuv420p)).expect_err("another size");
        assert!(error.contains("the steps reach 128x72 and the output is laid out for 64x36"), "{error}");
        let mut hdr = input.clone();
        hdr.colour.tags.transfer = Some("smpte2084".to_owned());
        let error = passes("upscale 2x", &hdr, &layout(128, 72, PixelFormat::Yuv420p)).expect_err("HDR");
        assert!(error.contains("the source is HDR; use filter=lanczos"), "{error}");
    }

    #[test]
    fn a_picture_beyond_the_bounds_is_refused_where_it_is_reached() {
        let frame = layout(128, 72, PixelFormat::Yuv420p);
        let error =
            passes("upscale 16x | upscale 16x | upscale 2048x1152 | upscale 128x72", &frame, &frame).expect_err("too large");
        assert!(error.contains("32768x18432"), "{error}");
    }

    #[test]
    fn dither_is_on_where_values_lie_between_the_codes() {
        let (eight, ten) = (layout(32, 18, PixelFormat::Yuv420p), layout(32, 18, PixelFormat::Yuv420p10le));
        let dithers = |text: &str, input: &FrameLayout, output: &FrameLayout| {
            let recording = record(&read_steps(text).expect("steps"), input, output, &Models::default()).expect("records");
            // What makes codes says whether it dithers: `pack` in its parameters, `scale` in its constants.
            let flag = |pass: &Pass| match pass.shader {
                Shader::Pack => Some(bytemuck::pod_read_unaligned::<crate::gpu::shaders::pack::Params>(&pass.params).dither != 0),
                Shader::Scale if pass.writes.contains(&recording.output) => {
                    pass.constants.iter().find(|(name, _)| *name == "DITHER").map(|(_, on)| *on != 0.0)
                }
                _ => None,
            };
            let flags = recording.passes().filter_map(flag).collect::<Vec<_>>();
            assert!(flags.len() == 3 && flags.iter().all(|flag| *flag == flags[0]), "{flags:?}");
            flags[0]
        };
        let rounded = "upscale 1x filter=fsr | sharpen | denoise strength=0 | deband strength=0 | grain strength=0";
        assert!(!dithers(rounded, &eight, &eight) && !dithers(rounded, &eight, &ten));
        assert!(dithers("sharpen", &ten, &eight));
        for text in ["denoise", "deband | upscale 1x filter=fsr", "grain | sharpen"] {
            assert!(dithers(text, &eight, &eight) && dithers(text, &ten, &ten), "{text}");
        }
    }

    #[test]
    fn the_largest_frames_keep_within_the_grid_of_every_device() {
        let input = layout(7_680, 8_640, PixelFormat::Yuv444p10le);
        let recording = record(&[], &input, &input, &Models::new()).expect("records");
        let groups = recording.passes().flat_map(|pass| pass.groups).max();
        assert!(groups.is_some_and(|count| count <= 65_535), "{groups:?}");
        assert!(recording.passes().any(|pass| pass.shader == Shader::Pack && pass.groups[1] > 1));
    }
}
