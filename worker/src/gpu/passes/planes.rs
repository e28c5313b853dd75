//! Planes of normalised values: out of a raw frame, from size to size and from one chroma sampling to another, into a raw frame.

use shotfarm_shared::media::{ChromaSite, Extent, FrameLayout, PixelFormat};

use super::colour::{Codes, code_max};
use super::kernel::Kernel;
use super::scale::{Change, Samples, resample_plane, scale};
use super::tables::Axis;
use super::view::View;
use crate::gpu::recording::{Proxy, Recorder};
use crate::gpu::shaders::{Shader, pack as pack_shader, unpack as unpack_shader};

/// Most workgroups along x of a pass that walks a line of invocations; above it the line goes on in the next row. Below the
/// 65,535 that every device has, with room for a round number of invocations.
const LINE_GROUPS_MAX: u32 = 32_768;

/// Where chroma samples lie among the luma samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sampling {
    log2_x: u32,
    log2_y: u32,
    /// Whether the first sample lies on the first column, and on the first row.
    on_column: bool,
    on_row: bool,
}

impl Sampling {
    /// A chroma sample for every luma sample.
    pub(super) const FULL: Self = Self { log2_x: 0, log2_y: 0, on_column: true, on_row: true };

    /// The sampling of a layout. The site says nothing where no axis is subsampled.
    pub(super) fn of(layout: &FrameLayout) -> Self {
        let sub = layout.format.subsampling();
        let site = layout.colour.site;
        Self {
            log2_x: sub.log2_x,
            log2_y: sub.log2_y,
            on_column: sub.log2_x == 0 || site != ChromaSite::Center,
            on_row: sub.log2_y == 0 || site == ChromaSite::TopLeft,
        }
    }

    /// The size of the chroma planes of a picture.
    fn extent(self, picture: Extent) -> Extent {
        let side = |length: u32, log2: u32| length.div_ceil(1 << log2);
        Extent::new(side(picture.width, self.log2_x), side(picture.height, self.log2_y))
    }

    fn axes(self, picture: Extent) -> [Axis; 2] {
        let axis = |luma_length: u32, log2: u32, on_sample: bool| Axis {
            luma_length,
            length: luma_length.div_ceil(1 << log2),
            pitch: f64::from(1_u32 << log2),
            centre: if on_sample { 0.5 } else { 1.0 },
        };
        [axis(picture.width, self.log2_x, self.on_column), axis(picture.height, self.log2_y, self.on_row)]
    }
}

/// A picture between two steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planes {
    pub(super) extent: Extent,
    pub(super) sampling: Sampling,
    /// Luma, Cb, Cr.
    pub(super) values: [Proxy; 3],
}

impl Planes {
    /// The sizes of its planes.
    pub(super) fn extents(&self) -> [Extent; 3] {
        let chroma = self.sampling.extent(self.extent);
        [self.extent, chroma, chroma]
    }

    /// How often luma has to be halved along x and y to give its planes' sizes.
    pub(super) fn halvings(&self) -> [[u32; 2]; 3] {
        let chroma = [self.sampling.log2_x, self.sampling.log2_y];
        [[0, 0], chroma, chroma]
    }

    /// The rows of the whole picture's planes at which these begin, where luma begins at `luma_row`.
    pub(super) fn first_rows(&self, luma_row: u32) -> [u32; 3] {
        let chroma = luma_row >> self.sampling.log2_y;
        [luma_row, chroma, chroma]
    }
}

/// Workgroups along x and invocations along x for a line of `count` invocations of a shader.
pub(crate) fn line_grid(shader: Shader, count: u64) -> (u32, (u32, u32)) {
    let group = shader.facts().workgroup[0];
    let groups = count.div_ceil(u64::from(group)).max(1);
    let columns = groups.min(u64::from(LINE_GROUPS_MAX)) as u32;
    let stride = columns * group;
    (stride, (stride, groups.div_ceil(u64::from(columns)) as u32))
}

fn samples_per_word(format: PixelFormat) -> u32 {
    4 / format.sample_bytes() as u32
}

/// Where one plane lies in a raw frame, and what its codes mean.
pub(super) struct PlacedPlane {
    label: &'static str,
    pub(super) width: u32,
    samples: u32,
    pub(super) first_sample: u32,
    first_word: u32,
    words: u32,
    pub(super) codes: Codes,
}

/// The three planes of a raw frame, one after the other.
fn placed_planes(layout: &FrameLayout) -> [PlacedPlane; 3] {
    let per_word = samples_per_word(layout.format);
    let extents = layout.format.planes(layout.extent);
    let mut first_sample = 0;
    [("luma", 0), ("Cb", 1), ("Cr", 2)].map(|(label, index)| {
        let codes = if index == 0 { Codes::luma } else { Codes::chroma }(layout.format, layout.colour.range);
        let (samples, width) = (extents[index].pixels() as u32, extents[index].width);
        let first_word = first_sample / per_word;
        let words = (first_sample + samples).div_ceil(per_word) - first_word;
        let placed = PlacedPlane { label, width, samples, first_sample, first_word, words, codes };
        first_sample += samples;
        placed
    })
}

/// A plane of a raw frame, for passes that read its codes themselves.
pub(super) struct FramePlane {
    pub(super) extent: Extent,
    pub(super) first_sample: u32,
    pub(super) samples_per_word: u32,
    pub(super) code_mask: u32,
    /// The code of the value 0, and of the span to the value 1.
    pub(super) code_zero: f64,
    pub(super) code_span: f64,
}

impl FramePlane {
    /// Luma, Cb, Cr.
    pub(super) fn of(layout: &FrameLayout) -> [Self; 3] {
        let extents = layout.format.planes(layout.extent);
        let placed = placed_planes(layout);
        [0, 1, 2].map(|index: usize| Self {
            extent: extents[index],
            first_sample: placed[index].first_sample,
            samples_per_word: samples_per_word(layout.format),
            code_mask: (1 << layout.format.bits()) - 1,
            code_zero: placed[index].codes.zero,
            code_span: placed[index].codes.span,
        })
    }
}

/// Records one `unpack` for each plane of a raw frame.
pub(super) fn unpack(recorder: &mut Recorder, frame: Proxy, layout: &FrameLayout) -> Planes {
    let values = placed_planes(layout).map(|placed| unpack_plane(recorder, frame, &placed, layout));
    Planes { extent: layout.extent, sampling: Sampling::of(layout), values }
}

fn unpack_plane(recorder: &mut Recorder, frame: Proxy, placed: &PlacedPlane, layout: &FrameLayout) -> Proxy {
    let (stride, size) = line_grid(Shader::Unpack, u64::from(placed.words));
    let params = unpack_shader::Params {
        first_word: placed.first_word,
        words: placed.words,
        stride,
        first_sample: placed.first_sample,
        samples: placed.samples,
        samples_per_word: samples_per_word(layout.format),
        code_mask: (1 << layout.format.bits()) - 1,
        code_zero: placed.codes.zero as f32,
        code_scale: (1.0 / placed.codes.span) as f32,
    };
    let plane = recorder.plane(placed.label, u64::from(placed.samples));
    recorder.grid(Shader::Unpack, &params, &[frame], &[plane], size);
    plane
}

/// Records what is left to do into the output frame: chroma to the frame's sampling, and codes.
pub(super) fn finish(recorder: &mut Recorder, planes: &Planes, layout: &FrameLayout, dither: bool, frame: Proxy) {
    let whole = View::whole(planes.extent);
    let [_, chroma] = changes(planes.extent, planes.sampling, &whole, planes.extent, Sampling::of(layout));
    let resampled = planes.sampling != Sampling::of(layout);
    for (index, (placed, plane)) in placed_planes(layout).into_iter().zip(planes.values).enumerate() {
        let destination = Destination { placed: &placed, layout, dither, frame };
        if index == 0 || !resampled {
            destination.pack(recorder, plane);
        } else {
            destination.scale_into(recorder, plane, &chroma, Kernel::CATMULL_ROM);
        }
    }
}

/// Records a change of size straight from one frame's codes to another's, plane by plane.
pub(super) fn scale_frame(
    recorder: &mut Recorder,
    (source, input): (Proxy, &FrameLayout),
    view: &View,
    kernel: Kernel,
    (frame, output): (Proxy, &FrameLayout),
    dither: bool,
) {
    let [luma, chroma] = changes(input.extent, Sampling::of(input), view, output.extent, Sampling::of(output));
    for ((from, to), change) in placed_planes(input).iter().zip(&placed_planes(output)).zip([&luma, &chroma, &chroma]) {
        let destination = Destination { placed: to, layout: output, dither, frame };
        let straight = Samples::codes(source, from, input).zip(destination.samples());
        let done = straight.is_some_and(|(from, to)| scale(recorder, from, change, kernel, to, dither));
        if !done {
            let plane = unpack_plane(recorder, source, from, input);
            destination.scale_into(recorder, plane, change, kernel);
        }
    }
}

/// One plane of the output frame.
struct Destination<'a> {
    placed: &'a PlacedPlane,
    layout: &'a FrameLayout,
    dither: bool,
    frame: Proxy,
}

impl Destination<'_> {
    fn samples(&self) -> Option<Samples> {
        Samples::codes(self.frame, self.placed, self.layout)
    }

    /// Records a change of size of a plane of f32 into the frame, in one pass where it can.
    fn scale_into(&self, recorder: &mut Recorder, plane: Proxy, change: &Change, kernel: Kernel) {
        let source = Samples::plane(plane, change.source[0].length);
        let done = self.samples().is_some_and(|target| scale(recorder, source, change, kernel, target, self.dither));
        if !done {
            let plane = resample_plane(recorder, self.placed.label, plane, change, kernel);
            self.pack(recorder, plane);
        }
    }

    /// Records one `pack`.
    fn pack(&self, recorder: &mut Recorder, plane: Proxy) {
        let Self { placed, layout, .. } = self;
        let (stride, size) = line_grid(Shader::Pack, u64::from(placed.words));
        let params = pack_shader::Params {
            first_word: placed.first_word,
            words: placed.words,
            stride,
            first_sample: placed.first_sample,
            samples: placed.samples,
            width: placed.width,
            samples_per_word: samples_per_word(layout.format),
            dither: u32::from(self.dither),
            code_zero: placed.codes.zero as f32,
            code_scale: placed.codes.span as f32,
            code_max: code_max(layout.format) as f32,
        };
        let guard = recorder.guard();
        recorder.grid(Shader::Pack, &params, &[plane], &[self.frame, guard], size);
    }
}

/// How luma, and how chroma, change when what is looked at of a picture becomes another picture.
fn changes(source: Extent, from: Sampling, view: &View, target: Extent, to: Sampling) -> [Change; 2] {
    let change = |from: Sampling, to: Sampling| Change { source: from.axes(source), view: view.clone(), target: to.axes(target) };
    [change(Sampling::FULL, Sampling::FULL), change(from, to)]
}

/// Records the resampling of what is looked at of every plane to a picture of another size, and of chroma to another sampling on
/// the way.
pub(super) fn resample(
    recorder: &mut Recorder,
    planes: &Planes,
    view: &View,
    target: Extent,
    sampling: Sampling,
    kernel: Kernel,
) -> Planes {
    let [luma, blue, red] = planes.values;
    let [luma_axes, chroma_axes] = changes(planes.extent, planes.sampling, view, target, sampling);
    let values = [
        resample_plane(recorder, "luma", luma, &luma_axes, kernel),
        resample_plane(recorder, "Cb", blue, &chroma_axes, kernel),
        resample_plane(recorder, "Cr", red, &chroma_axes, kernel),
    ];
    Planes { extent: target, sampling, values }
}

/// Records the resampling of chroma to another sampling at the picture's own size; nothing where it has it already.
pub(super) fn resample_chroma(recorder: &mut Recorder, planes: &Planes, sampling: Sampling) -> Planes {
    let [luma, blue, red] = planes.values;
    let [_, axes] = changes(planes.extent, planes.sampling, &View::whole(planes.extent), planes.extent, sampling);
    let values = [
        luma,
        resample_plane(recorder, "Cb", blue, &axes, Kernel::CATMULL_ROM),
        resample_plane(recorder, "Cr", red, &axes, Kernel::CATMULL_ROM),
    ];
    debug_assert_eq!(sampling.extent(planes.extent), Extent::new(axes.target[0].length, axes.target[1].length));
    Planes { sampling, values, ..*planes }
}

/// Records the resampling of chroma alone, to a picture of another size whose luma is made elsewhere. Chroma keeps its sampling.
pub(super) fn resample_chroma_to(recorder: &mut Recorder, planes: &Planes, luma: Proxy, target: Extent) -> Planes {
    let [_, blue, red] = planes.values;
    let [_, axes] = changes(planes.extent, planes.sampling, &View::whole(planes.extent), target, planes.sampling);
    let values = [
        luma,
        resample_plane(recorder, "Cb", blue, &axes, Kernel::Lanczos3),
        resample_plane(recorder, "Cr", red, &axes, Kernel::Lanczos3),
    ];
    Planes { extent: target, sampling: planes.sampling, values }
}
