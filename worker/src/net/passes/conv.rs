//! Convolutions: weights laid out for the kernels, and the pass that the choice of kernels says.

use super::Real;
use super::choice::{ConvClass, ConvKernel};
use super::fuse::{Activation, ConvStep, Function, Shuffle, picture};
use super::place::{LANES, Writer};
use crate::gpu::recording::Proxy;
use crate::gpu::shaders::{
    Shader, net_arithmetic as codes, net_conv, net_conv_block, net_conv_plain as shader, net_conv_row, net_conv3x3_broadcast,
    net_conv3x3_matrix,
};
use crate::net::graph::ValueId;
use crate::net::op::ChannelOrder;

/// How channels of input and output meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meeting {
    /// Every input channel with every output channel; what groups keep apart has zero weights.
    All,
    /// Within groups of whole blocks.
    Grouped,
    /// Each channel with itself.
    Alone,
}

/// What a convolution's tables are made from.
struct Weights<'a> {
    step: &'a ConvStep,
    in_channels: usize,
    meeting: Meeting,
    /// For each output lane the channel that it holds; none beyond the last.
    channels: Vec<Option<usize>>,
}

impl Weights<'_> {
    fn new(step: &ConvStep, in_channels: usize) -> Weights<'_> {
        let (groups, out_channels) = (step.at.groups, step.shape[1]);
        let (group_in, group_out) = (in_channels / groups, out_channels / groups);
        // Groups of an odd number of blocks would fall apart in the kernels that make two blocks at once.
        let meeting = if groups == 1 {
            Meeting::All
        } else if group_in == 1 && group_out == 1 && !step.transposed && step.shuffle.is_none() {
            Meeting::Alone
        } else if group_in.is_multiple_of(LANES) && group_out.is_multiple_of(2 * LANES) && step.shuffle.is_none() {
            Meeting::Grouped
        } else {
            Meeting::All
        };
        Weights { step, in_channels, meeting, channels: lanes(out_channels, step.shuffle) }
    }

    /// The kind of work that it is; none where there is one kernel for it.
    fn class(&self) -> Option<ConvClass> {
        let (at, shape) = (&self.step.at, &self.step.shape);
        let plain = at.kernel == [3, 3] && at.stride == [1, 1] && at.dilation == [1, 1] && self.meeting == Meeting::All;
        let class = ConvClass {
            square: plain,
            in_blocks: self.in_blocks() as u32,
            out_blocks: self.out_blocks() as u32,
            pixels: (shape[2] * shape[3]) as u64,
        };
        (self.meeting != Meeting::Alone && !self.step.transposed).then_some(class)
    }

    fn out_blocks(&self) -> usize {
        self.channels.len() / LANES
    }

    /// Blocks of input channels that one output sees.
    fn in_blocks(&self) -> usize {
        match self.meeting {
            Meeting::All => self.in_channels.div_ceil(LANES),
            Meeting::Grouped => self.in_channels / self.step.at.groups / LANES,
            Meeting::Alone => 1,
        }
    }

    fn group_blocks(&self) -> usize {
        match self.meeting {
            Meeting::All => self.out_blocks(),
            Meeting::Grouped | Meeting::Alone => self.out_blocks() / self.step.at.groups.min(self.out_blocks()),
        }
    }

    /// The weight between two channels at a tap, zero where they do not meet.
    fn weight(&self, data: &[f32], input: usize, output: usize, tap: usize) -> f32 {
        let taps = self.step.at.kernel[0] * self.step.at.kernel[1];
        let (group_in, group_out) = (self.in_channels / self.step.at.groups, self.step.shape[1] / self.step.at.groups);
        if input >= self.in_channels || input / group_in != output / group_out {
            return 0.0;
        }
        let line =
            if self.step.transposed { input * group_out + output % group_out } else { output * group_in + input % group_in };
        data[line * taps + tap]
    }

    /// The matrices in the order in which the kernels read them.
    fn matrices(&self, data: &[f32]) -> Vec<f32> {
        let taps = self.step.at.kernel[0] * self.step.at.kernel[1];
        if self.meeting == Meeting::Alone {
            let lane = |tap: usize, channel: &Option<usize>| channel.map_or(0.0, |channel| data[channel * taps + tap]);
            let mut list =
                (0..taps).flat_map(|tap| self.channels.iter().map(move |channel| lane(tap, channel))).collect::<Vec<_>>();
            // The kernel sees whole matrices.
            list.resize(list.len().next_multiple_of(LANES * LANES), 0.0);
            return list;
        }
        let group_channels = self.group_blocks() * LANES;
        let mut matrices = Vec::with_capacity(self.in_blocks() * taps * self.channels.len() * LANES);
        for block in 0..self.in_blocks() {
            for tap in 0..taps {
                for outputs in 0..self.out_blocks() {
                    let group = outputs * LANES / group_channels;
                    for lane in 0..LANES {
                        let input = (group * self.in_blocks() + block) * LANES + lane;
                        let row = self.channels[outputs * LANES..][..LANES].iter();
                        matrices.extend(row.map(|output| output.map_or(0.0, |output| self.weight(data, input, output, tap))));
                    }
                }
            }
        }
        matrices
    }

    /// The matrices of sixteen by sixteen channels in the order in which the matrix kernel reads them.
    fn tiles(&self, data: &[f32]) -> Vec<f32> {
        let (side, taps) = (net_conv3x3_matrix::MATRIX_DEPTH as usize, self.step.at.kernel[0] * self.step.at.kernel[1]);
        let columns = self.channels.len().next_multiple_of(side * net_conv3x3_matrix::MATRIX_TILES as usize);
        let mut tiles = Vec::with_capacity(self.in_channels.next_multiple_of(side) * taps * columns);
        for chunk in 0..self.in_channels.div_ceil(side) {
            for tap in 0..taps {
                for tile in 0..columns / side {
                    for input in chunk * side..(chunk + 1) * side {
                        let lanes = (tile * side..(tile + 1) * side).map(|lane| self.channels.get(lane).copied().flatten());
                        tiles.extend(lanes.map(|output| output.map_or(0.0, |output| self.weight(data, input, output, tap))));
                    }
                }
            }
        }
        tiles
    }

    /// One number for each output lane: of a constant for each channel, or of one for all.
    fn spread(&self, data: Option<&[f32]>) -> Vec<f32> {
        let number = |channel: usize| data.map_or(0.0, |data| data[if data.len() == 1 { 0 } else { channel }]);
        self.channels.iter().map(|channel| channel.map_or(0.0, number)).collect()
    }
}

/// The kind of work that a convolution of so many input channels is; none where there is one kernel for it.
pub(super) fn class(step: &ConvStep, in_channels: usize) -> Option<ConvClass> {
    Weights::new(step, in_channels).class()
}

/// The channel in each lane of a convolution's result: in order, or ordered so that each block is a pixel of the shuffled result.
fn lanes(channels: usize, shuffle: Option<Shuffle>) -> Vec<Option<usize>> {
    let Some(Shuffle { block, order }) = shuffle else {
        return (0..channels.next_multiple_of(LANES)).map(|lane| (lane < channels).then_some(lane)).collect();
    };
    let parts = block * block;
    let shuffled = channels / parts;
    let of = |part: usize, channel: usize| match order {
        ChannelOrder::Crd => channel * parts + part,
        ChannelOrder::Dcr => part * shuffled + channel,
    };
    let padded = shuffled.next_multiple_of(LANES);
    (0..parts * padded).map(|lane| (lane % padded < shuffled).then(|| of(lane / padded, lane % padded))).collect()
}

impl Writer<'_> {
    pub(super) fn conv(&mut self, step: &ConvStep, source: ValueId, output: ValueId) {
        let [n, in_channels, in_height, in_width] = picture(self.net.shape(source));
        let from = self.blocks(source);
        let added = step.residual.map(|residual| self.blocks(residual.value));
        let to = self.new_blocks(output);
        let weights = Weights::new(step, in_channels);
        let kernel = self.kernel(&weights);
        let (matrices, extras) = self.conv_tables(kernel, &weights);
        let function = match step.activation {
            Activation::Function(function) => function,
            Activation::Slopes(_) => Function { code: codes::PRELU, a: 0.0, b: 0.0 },
        };
        let residual = added.unwrap_or(from);
        let blocks = weights.out_blocks();
        let shuffle = step.shuffle.map_or(1, |shuffle| shuffle.block);
        let params = shader::Params {
            batch: n as u32,
            in_width: in_width as u32,
            in_height: in_height as u32,
            in_blocks: weights.in_blocks() as u32,
            in_first: from.first,
            in_total: from.total,
            out_width: step.shape[3] as u32,
            out_height: step.shape[2] as u32,
            out_blocks: blocks as u32,
            group_blocks: weights.group_blocks() as u32,
            to_first: to.first,
            to_total: to.total,
            residual_first: residual.first,
            residual_total: residual.total,
            pad_x: step.at.pad[1] as i32,
            pad_y: step.at.pad[0] as i32,
            shuffle: shuffle as u32,
            shuffle_blocks: (blocks / (shuffle * shuffle)) as u32,
            alpha: function.a,
            beta: function.b,
        };
        let mut constants = vec![("ACTIVATION", f64::from(function.code)), ("RESIDUAL", f64::from(residual_code(step)))];
        let (program, groups) = self.program(kernel, &weights, n);
        if program.facts().overrides.iter().any(|over| over.name == "KERNEL_WIDTH") {
            let at = &step.at;
            constants.extend([("KERNEL_WIDTH", at.kernel[1] as f64), ("KERNEL_HEIGHT", at.kernel[0] as f64)]);
            constants.extend([("STRIDE_X", at.stride[1] as f64), ("STRIDE_Y", at.stride[0] as f64)]);
            constants.extend([("DILATION_X", at.dilation[1] as f64), ("DILATION_Y", at.dilation[0] as f64)]);
        }
        let reads = [from.buffer, matrices, extras, residual.buffer];
        self.recorder.dispatch(program, &constants, &params, &reads, &[to.buffer], groups);
    }

    /// The tables of weights, and of biases and slopes.
    fn conv_tables(&mut self, kernel: ConvKernel, weights: &Weights<'_>) -> (Proxy, Proxy) {
        let step = weights.step;
        let constant = |value: ValueId| self.net.constant(value).expect("`supported` holds weights to be constants");
        let recipe = format!(
            "conv {} {:?} {} {:?} {:?} {} {}",
            kernel == ConvKernel::Matrix,
            step.at,
            step.transposed,
            step.shuffle,
            weights.meeting,
            weights.in_channels,
            step.shape[1]
        );
        let data = constant(step.weight);
        let matrices = self.tables.made(data, recipe.as_bytes(), |data| {
            if kernel == ConvKernel::Matrix {
                Real::F16.encode(&weights.tiles(data))
            } else {
                bytemuck::cast_slice(&weights.matrices(data)).to_vec()
            }
        });
        let mut extras = weights.spread(step.bias.map(|bias| constant(bias).as_ref()));
        if let Activation::Slopes(slopes) = step.activation {
            extras.extend(weights.spread(Some(constant(slopes).as_ref())));
        }
        let name = self.net.value_name(step.weight);
        (self.recorder.table_bytes(name, &matrices), self.recorder.table("biases", &extras))
    }

    /// Which kernel does it: the chosen one where there is a choice.
    fn kernel(&self, weights: &Weights<'_>) -> ConvKernel {
        weights.class().map_or(ConvKernel::Plain, |class| self.options.kernels.of(class, self.real()))
    }

    fn program(&self, kernel: ConvKernel, weights: &Weights<'_>, n: usize) -> (Shader, [u32; 3]) {
        let (width, height) = (weights.step.shape[3] as u32, weights.step.shape[2] as u32);
        let groups = |pixels: u32, rows: u32, z: usize| [width.div_ceil(pixels), height.div_ceil(rows), (n * z) as u32];
        let (each, pairs) = (weights.out_blocks(), weights.out_blocks().div_ceil(2));
        let real = self.real();
        match kernel {
            _ if weights.step.transposed => (real.of(Shader::NetConvTranspose, Shader::NetConvTransposeF16), groups(8, 8, each)),
            _ if weights.meeting == Meeting::Alone => {
                (real.of(Shader::NetConvDepthwise, Shader::NetConvDepthwiseF16), groups(8, 8, each))
            }
            ConvKernel::Plain => (real.of(Shader::NetConvPlain, Shader::NetConvPlainF16), groups(8, 8, each)),
            ConvKernel::Block => {
                (real.of(Shader::NetConvBlock, Shader::NetConvBlockF16), groups(8 * net_conv_block::BLOCK_PIXELS, 8, pairs))
            }
            ConvKernel::Row => {
                (real.of(Shader::NetConv3x3, Shader::NetConv3x3F16), groups(8 * net_conv_row::ROW_PIXELS, 8, pairs))
            }
            ConvKernel::Broadcast => {
                let program = real.of(Shader::NetConv3x3Broadcast, Shader::NetConv3x3BroadcastF16);
                (program, groups(net_conv3x3_broadcast::ROW_GROUP_COLUMNS * net_conv_row::ROW_PIXELS, 4, pairs))
            }
            ConvKernel::Matrix => {
                use net_conv3x3_matrix::{MATRIX_COLUMNS, MATRIX_ROWS, MATRIX_TILES};
                let tiles = each.div_ceil(LANES * MATRIX_TILES as usize);
                (Shader::NetConv3x3Matrix, groups(MATRIX_COLUMNS, MATRIX_ROWS, tiles))
            }
        }
    }
}

fn residual_code(step: &ConvStep) -> u32 {
    match step.residual {
        None => net_conv::NO_RESIDUAL,
        Some(residual) => match (residual.after, residual.under) {
            (false, false) => net_conv::RESIDUAL_BEFORE,
            (true, false) => net_conv::RESIDUAL_AFTER,
            (false, true) => net_conv::RESIDUAL_BEFORE_UNDER,
            (true, true) => net_conv::RESIDUAL_AFTER_UNDER,
        },
    }
}
