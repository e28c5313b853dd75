//! Operators that look at pictures pixel by pixel: resizing, sampling, pooling.

use super::fuse::picture;
use super::place::{Blocks, LANES, Writer};
use crate::gpu::shaders::{Shader, net_grid_sample, net_pool, net_resize};
use crate::net::graph::ValueId;
use crate::net::op::{Coordinates, GridInterpolation, GridPadding, Interpolation};
use crate::net::reference::resize_taps;
use crate::net::shaped::{PoolAt, TensorOp};

/// Workgroups for one invocation for each pixel and block of channels, in groups of 8 by 8 pixels.
fn groups([n, c, h, w]: [usize; 4]) -> [u32; 3] {
    [w.div_ceil(8) as u32, h.div_ceil(8) as u32, (n * c.div_ceil(LANES)) as u32]
}

/// The tables of one axis: for each tap of each output its place and its weight. Every output has as many taps as the one with most.
fn axis_tables(taps: &[Vec<(usize, f32)>]) -> (usize, Vec<u32>, Vec<f32>) {
    let most = taps.iter().map(Vec::len).max().unwrap_or(1);
    let tap = |output: &Vec<(usize, f32)>, tap: usize| output.get(tap).copied().unwrap_or((0, 0.0));
    let all = (0..most).flat_map(|index| taps.iter().map(move |output| tap(output, index))).collect::<Vec<_>>();
    (most, all.iter().map(|(place, _)| *place as u32).collect(), all.iter().map(|(_, weight)| *weight).collect())
}

impl Writer<'_> {
    pub(super) fn resize(
        &mut self,
        (interpolation, coordinates, scale): (Interpolation, Coordinates, [f32; 2]),
        input: ValueId,
        output: ValueId,
    ) {
        let (from_shape, to_shape) = (picture(self.net.shape(input)), picture(self.net.shape(output)));
        let along = |axis: usize| {
            axis_tables(&resize_taps(interpolation, coordinates, scale[axis], from_shape[axis + 2], to_shape[axis + 2]))
        };
        let ((taps_y, places_y, weights_y), (taps_x, mut places, mut weights)) = (along(0), along(1));
        places.extend(places_y);
        weights.extend(weights_y);
        let (from, to) = (self.blocks(input), self.new_blocks(output));
        let params = net_resize::Params {
            in_width: from_shape[3] as u32,
            in_height: from_shape[2] as u32,
            out_width: to_shape[3] as u32,
            out_height: to_shape[2] as u32,
            blocks: to_shape[1].div_ceil(LANES) as u32,
            from_first: from.first,
            from_total: from.total,
            to_first: to.first,
            to_total: to.total,
            taps_x: taps_x as u32,
            taps_y: taps_y as u32,
        };
        let places = self.recorder.table("places", &places);
        let weights = self.recorder.table("weights", &weights);
        let program = self.real().of(Shader::NetResize, Shader::NetResizeF16);
        self.recorder.dispatch(program, &[], &params, &[places, weights, from.buffer], &[to.buffer], groups(to_shape));
    }

    pub(super) fn pool(&mut self, pool: &PoolAt, largest: bool, input: ValueId, output: ValueId) {
        let (from_shape, to_shape) = (picture(self.net.shape(input)), picture(self.net.shape(output)));
        let (from, to) = (self.blocks(input), self.new_blocks(output));
        let params = net_pool::Params {
            in_width: from_shape[3] as u32,
            in_height: from_shape[2] as u32,
            out_width: to_shape[3] as u32,
            out_height: to_shape[2] as u32,
            blocks: to_shape[1].div_ceil(LANES) as u32,
            from_first: from.first,
            from_total: from.total,
            to_first: to.first,
            to_total: to.total,
            kernel_x: pool.kernel[1] as u32,
            kernel_y: pool.kernel[0] as u32,
            stride_x: pool.stride[1] as u32,
            stride_y: pool.stride[0] as u32,
            dilation_x: pool.dilation[1] as u32,
            dilation_y: pool.dilation[0] as u32,
            pad_x: pool.pad[1] as i32,
            pad_y: pool.pad[0] as i32,
            pad_end_x: pool.pad_end[1] as i32,
            pad_end_y: pool.pad_end[0] as i32,
            count_padding: u32::from(pool.count_padding),
        };
        let program = self.real().of(Shader::NetPool, Shader::NetPoolF16);
        let constants = [("LARGEST", f64::from(u32::from(largest)))];
        self.recorder.dispatch(program, &constants, &params, &[from.buffer], &[to.buffer], groups(to_shape));
    }

    /// GridSample, whose grid lies plain, and Warp, whose flow lies in blocks.
    pub(super) fn sample(&mut self, op: &TensorOp, inputs: &[ValueId], output: ValueId) {
        let (from_shape, to_shape) = (picture(self.net.shape(inputs[0])), picture(self.net.shape(output)));
        let pixels = to_shape[2] * to_shape[3];
        let (grid, [place, y, picture_step, offset], constants) = match op {
            TensorOp::GridSample { interpolation, padding, align_corners } => {
                (self.plain(inputs[1]), [2, 1, 2 * pixels, 0], sampling(*interpolation, *padding, *align_corners))
            }
            _ => {
                let flow: Blocks = self.blocks(inputs[1]);
                let block = pixels * LANES;
                let steps = [LANES, 1, flow.total as usize * block, flow.first as usize * block];
                let mut constants = sampling(GridInterpolation::Linear, GridPadding::Border, true);
                constants.push(("WARP", 1.0));
                (flow.buffer, steps, constants)
            }
        };
        let (from, to) = (self.blocks(inputs[0]), self.new_blocks(output));
        let params = net_grid_sample::Params {
            in_width: from_shape[3] as u32,
            in_height: from_shape[2] as u32,
            out_width: to_shape[3] as u32,
            out_height: to_shape[2] as u32,
            blocks: to_shape[1].div_ceil(LANES) as u32,
            from_first: from.first,
            from_total: from.total,
            to_first: to.first,
            to_total: to.total,
            grid_place: place as u32,
            grid_y: y as u32,
            grid_picture: picture_step as u32,
            grid_offset: offset as u32,
        };
        let program = self.real().of(Shader::NetGridSample, Shader::NetGridSampleF16);
        self.recorder.dispatch(program, &constants, &params, &[from.buffer, grid], &[to.buffer], groups(to_shape));
    }
}

fn sampling(interpolation: GridInterpolation, padding: GridPadding, align_corners: bool) -> Vec<(&'static str, f64)> {
    let sampling = match interpolation {
        GridInterpolation::Linear => net_grid_sample::SAMPLE_LINEAR,
        GridInterpolation::Nearest => net_grid_sample::SAMPLE_NEAREST,
        GridInterpolation::Cubic => net_grid_sample::SAMPLE_CUBIC,
    };
    let outside = match padding {
        GridPadding::Zeros => net_grid_sample::OUTSIDE_ZEROS,
        GridPadding::Border => net_grid_sample::OUTSIDE_BORDER,
        GridPadding::Reflection => net_grid_sample::OUTSIDE_REFLECTION,
    };
    vec![
        ("SAMPLING", f64::from(sampling)),
        ("OUTSIDE", f64::from(outside)),
        ("ALIGN_CORNERS", f64::from(u32::from(align_corners))),
    ]
}
