//! Which of several kernels a convolution gets.
//!
//! All but one give equal bits for one element type, so the choice is about time alone: as measured on the device for this kind of
//! work, else as the kind of device suggests. The matrix kernel, of f16, sums in its hardware's order; it is used only where it
//! was measured, and what was measured is remembered with the device, so that all frames of a job there are made alike.

use std::collections::BTreeMap;

use super::Real;
use crate::gpu::recording::{Component, CooperativeMatrix, DeviceFeatures};

/// The kernels that convolve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConvKernel {
    /// One pixel of four channels at a time, for any shape.
    Plain,
    /// Four pixels of eight channels, for any shape.
    Block,
    /// Eight pixels of eight channels, for 3x3 of stride 1.
    Row,
    /// The same with weights handed round within a subgroup.
    Broadcast,
    /// Matrix units, for 3x3 of stride 1 in f16.
    Matrix,
}

impl ConvKernel {
    /// Every kernel.
    pub const ALL: [Self; 5] = [Self::Plain, Self::Block, Self::Row, Self::Broadcast, Self::Matrix];
    /// Those that give equal bits.
    pub const EQUAL: [Self; 4] = [Self::Plain, Self::Block, Self::Row, Self::Broadcast];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Block => "block",
            Self::Row => "row",
            Self::Broadcast => "broadcast",
            Self::Matrix => "matrix",
        }
    }

    /// Whether it can do this work on a device.
    #[must_use]
    pub fn can(self, class: ConvClass, real: Real, features: &DeviceFeatures) -> bool {
        match self {
            Self::Plain | Self::Block => true,
            Self::Row => class.square,
            Self::Broadcast => class.square && features.subgroups.is_some_and(|(smallest, _)| smallest >= BROADCAST_SUBGROUP_MIN),
            Self::Matrix => {
                let subgroups = features.subgroups == Some((MATRIX_SUBGROUP, MATRIX_SUBGROUP));
                class.square && real == Real::F16 && features.f16 && subgroups && features.cooperative.contains(&MATRIX)
            }
        }
    }
}

/// Invocations that hand weights round, which a subgroup must hold.
const BROADCAST_SUBGROUP_MIN: u32 = 8;

/// Invocations of a subgroup that the matrix kernel is written for.
const MATRIX_SUBGROUP: u32 = 32;
/// The product that the matrix kernel is made of.
const MATRIX: CooperativeMatrix = CooperativeMatrix { m: 16, n: 16, k: 16, factors: Component::F16, sum: Component::F32 };
/// Pixels above which a kernel's speed does not change any more.
const CLASS_PIXELS_MAX: u64 = 1 << 16;

/// A kind of work that a kernel may be good or bad at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ConvClass {
    /// 3x3, stride 1, no dilation.
    pub square: bool,
    /// Blocks of four input channels that an output sees.
    pub in_blocks: u32,
    /// Blocks of four output channels.
    pub out_blocks: u32,
    /// Pixels of the output.
    pub pixels: u64,
}

impl ConvClass {
    /// The class that stands for this one in measurements: sizes between two powers of two are alike, and so are large ones.
    #[must_use]
    pub fn rounded(self) -> Self {
        Self { pixels: self.pixels.clamp(1, CLASS_PIXELS_MAX).next_power_of_two(), ..self }
    }
}

/// The choice of kernels on one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kernels {
    /// What was measured, by rounded class.
    measured: BTreeMap<(Real, ConvClass), ConvKernel>,
    /// The one to use wherever it can be.
    forced: Option<ConvKernel>,
    /// Whether handing weights round pays where nothing was measured.
    broadcast: bool,
}

impl Kernels {
    /// What suits a device as far as its kind tells: handing weights round pays where a subgroup's reads of one address cost as
    /// many as of different ones, as on the software device.
    #[must_use]
    pub fn suggested(features: &DeviceFeatures, software: bool) -> Self {
        let class = ConvClass { square: true, in_blocks: 1, out_blocks: 1, pixels: 1 };
        Self { broadcast: software && ConvKernel::Broadcast.can(class, Real::F32, features), ..Self::default() }
    }

    /// One kernel wherever it can be used; to compare.
    #[must_use]
    pub fn forced(kernel: ConvKernel) -> Self {
        Self { forced: Some(kernel), ..Self::default() }
    }

    /// Remembers what was found quickest.
    pub fn learn(&mut self, real: Real, class: ConvClass, kernel: ConvKernel) {
        self.measured.insert((real, class.rounded()), kernel);
    }

    /// Whether this kind of work was measured.
    #[must_use]
    pub fn knows(&self, class: ConvClass, real: Real) -> bool {
        self.measured.contains_key(&(real, class.rounded()))
    }

    /// What was measured so far.
    pub fn measured(&self) -> impl Iterator<Item = (Real, ConvClass, ConvKernel)> {
        self.measured.iter().map(|((real, class), kernel)| (*real, *class, *kernel))
    }

    /// The kernel for this work.
    #[must_use]
    pub fn of(&self, class: ConvClass, real: Real) -> ConvKernel {
        if let Some(kernel) = self.forced {
            let suits = class.square && (kernel != ConvKernel::Matrix || real == Real::F16);
            return if suits || kernel < ConvKernel::Row { kernel } else { ConvKernel::Block };
        }
        if let Some(kernel) = self.measured.get(&(real, class.rounded())) {
            return *kernel;
        }
        match (class.square, self.broadcast) {
            (true, true) => ConvKernel::Broadcast,
            (true, false) => ConvKernel::Row,
            (false, _) => ConvKernel::Block,
        }
    }
}
