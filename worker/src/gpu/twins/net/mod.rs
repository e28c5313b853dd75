//! Twins of the passes of networks. What an operator means is said by `net::reference`, operator by operator; these say what each
//! kernel does with its buffers, so that a whole recording with a network in it runs here too.
//!
//! Kernels that differ only in how they go about a convolution share one twin. Buffers of f16 are widened, worked on in f32 and
//! rounded back.

mod arrange;
mod conv;
mod pictures;
mod planes;
mod pointwise;
mod reduce;

use super::{Bound, half, params};
use crate::gpu::recording::Pass;
use crate::gpu::shaders::Shader;

/// The buffers of one pass of a network.
struct Tensors<'a, 'b> {
    pass: &'a Pass,
    bound: &'a mut Bound<'b>,
    half: bool,
}

impl Tensors<'_, '_> {
    /// The elements of a buffer that it reads.
    fn read(&self, index: usize) -> Vec<f32> {
        self.decoded(self.bound.reads[index])
    }

    /// The elements of a table of f32.
    fn table(&self, index: usize) -> &[f32] {
        self.bound.read(index)
    }

    fn decoded(&self, words: &[u32]) -> Vec<f32> {
        if self.half {
            bytemuck::cast_slice::<u32, u16>(words).iter().map(|value| half::to_f32(*value)).collect()
        } else {
            bytemuck::cast_slice(words).to_vec()
        }
    }

    /// Changes the elements of a buffer that it writes; those that `change` leaves stay as they are.
    fn write(&mut self, index: usize, change: impl FnOnce(&mut [f32])) {
        let mut elements = self.decoded(&self.bound.writes[index]);
        change(&mut elements);
        self.bound.writes[index] = if self.half {
            let halves = elements.iter().map(|value| half::from_f32(*value)).collect::<Vec<_>>();
            bytemuck::pod_collect_to_vec(&halves)
        } else {
            bytemuck::cast_slice(&elements).to_vec()
        };
    }

    /// The value of one of the pass's overrides.
    fn constant(&self, name: &str) -> u32 {
        let set = self.pass.constants.iter().find(|(constant, _)| *constant == name).map(|(_, value)| *value);
        let default = || self.pass.shader.facts().overrides.iter().find(|over| over.name == name)?.default;
        set.or_else(default).map_or_else(|| unreachable!("the recorder lets no override go unset"), |value| value as u32)
    }
}

/// Runs one pass of a network; false where it is none.
pub(super) fn run(pass: &Pass, bound: &mut Bound<'_>) -> bool {
    let mut tensors = Tensors { pass, bound, half: pass.shader.facts().needs.f16 };
    let tensors = &mut tensors;
    match pass.shader {
        Shader::NetConvPlain
        | Shader::NetConvPlainF16
        | Shader::NetConvBlock
        | Shader::NetConvBlockF16
        | Shader::NetConv3x3
        | Shader::NetConv3x3F16
        | Shader::NetConv3x3Broadcast
        | Shader::NetConv3x3BroadcastF16 => conv::net_conv(params(pass), tensors),
        Shader::NetConv3x3Matrix => conv::net_conv3x3_matrix(params(pass), tensors),
        Shader::NetConvDepthwise | Shader::NetConvDepthwiseF16 => conv::net_conv_depthwise(params(pass), tensors),
        Shader::NetConvTranspose | Shader::NetConvTransposeF16 => conv::net_conv_transpose(params(pass), tensors),
        Shader::NetPointwise | Shader::NetPointwiseF16 => pointwise::net_pointwise(&params(pass), tensors),
        Shader::NetMove | Shader::NetMoveF16 => arrange::net_move(params(pass), tensors),
        Shader::NetShuffle | Shader::NetShuffleF16 => arrange::net_shuffle(params(pass), tensors),
        Shader::NetResize | Shader::NetResizeF16 => pictures::net_resize(params(pass), tensors),
        Shader::NetPool | Shader::NetPoolF16 => pictures::net_pool(params(pass), tensors),
        Shader::NetGridSample | Shader::NetGridSampleF16 => pictures::net_grid_sample(params(pass), tensors),
        Shader::NetReduce | Shader::NetReduceF16 => reduce::net_reduce(params(pass), tensors),
        Shader::NetSoftmax | Shader::NetSoftmaxF16 => reduce::net_softmax(params(pass), tensors),
        Shader::NetMatmul | Shader::NetMatmulF16 => reduce::net_matmul(params(pass), tensors),
        Shader::NetLoad => planes::net_load(params(pass), tensors),
        Shader::NetSave | Shader::NetSaveF16 => planes::net_save(params(pass), tensors),
        Shader::NetFromPlanes | Shader::NetFromPlanesF16 => planes::net_from_planes(params(pass), tensors),
        Shader::NetToPlanes | Shader::NetToPlanesF16 => planes::net_to_planes(params(pass), tensors),
        _ => return false,
    }
    true
}
