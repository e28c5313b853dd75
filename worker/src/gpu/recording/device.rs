//! What a device can do, as data, and whether a recording asks for more.

use super::{Op, Pass, Recording};
use crate::gpu::shaders::{Needs, Shader};

/// What a device can bind and dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceLimits {
    /// Largest storage buffer that a pass may see.
    pub binding_bytes_max: u64,
    /// Largest buffer.
    pub buffer_bytes_max: u64,
    /// Storage buffers that one pass may see.
    pub bindings_max: u32,
    /// Workgroups along one axis.
    pub groups_max: u32,
    /// Invocations of one workgroup.
    pub group_invocations_max: u32,
    /// Invocations of one workgroup along x, y and z.
    pub group_sides_max: [u32; 3],
}

/// What a device has beyond what every device has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceFeatures {
    /// 16-bit floats in arithmetic and in buffers.
    pub f16: bool,
    /// Subgroup operations: the smallest and the largest subgroup that it may run.
    pub subgroups: Option<(u32, u32)>,
    /// The products that its matrix units do; empty where it has none.
    pub cooperative: Vec<CooperativeMatrix>,
    /// Whether passes can be timed on the device itself.
    pub timestamps: bool,
    /// Whether compiled kernels can be kept on disk.
    pub pipeline_cache: bool,
}

/// One product of matrices, C = A B + C, that a whole subgroup does together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CooperativeMatrix {
    /// Rows of A and C.
    pub m: u32,
    /// Columns of B and C.
    pub n: u32,
    /// Columns of A, rows of B.
    pub k: u32,
    /// What A and B are made of.
    pub factors: Component,
    /// What C is made of.
    pub sum: Component,
}

impl CooperativeMatrix {
    /// The product that kernels use: 16 by 16 halves, summed in 32 bits. NVIDIA's units since Turing have it.
    pub const USED: Self = Self { m: 16, n: 16, k: 16, factors: Component::F16, sum: Component::F32 };
    /// Invocations that share one product.
    pub const SUBGROUP: u32 = 32;
}

/// The numbers that a cooperative matrix is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// 32-bit floats.
    F32,
    /// 16-bit floats.
    F16,
    /// 32-bit integers with a sign.
    I32,
    /// 32-bit integers without one.
    U32,
}

/// Why a recording does not fit on a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExceedsDevice {
    /// A buffer is too large.
    #[error(
        "the buffer `{label}` needs {} MiB and this GPU takes at most {} MiB in one buffer; render a smaller size or use \
         another GPU", bytes.div_ceil(1 << 20), limit_bytes >> 20
    )]
    Buffer {
        /// Which buffer.
        label: String,
        /// Its size.
        bytes: u64,
        /// What the device takes.
        limit_bytes: u64,
    },
    /// It takes more memory than it may.
    #[error(
        "a frame's passes need {} MiB of the GPU's memory at once and {} MiB may be used; render a smaller size, give the worker \
         more with --gpu-memory, or use another GPU", bytes.div_ceil(1 << 20), limit_bytes >> 20
    )]
    Memory {
        /// What they need in the smallest bands.
        bytes: u64,
        /// What there is.
        limit_bytes: u64,
    },
    /// A pass binds too many buffers.
    #[error("the pass `{pass}` uses {count} buffers at once and this GPU takes at most {limit}; use another GPU")]
    Bindings {
        /// Which pass.
        pass: &'static str,
        /// Its buffers.
        count: usize,
        /// What the device takes.
        limit: u32,
    },
    /// A pass has too many workgroups along one axis.
    #[error(
        "the pass `{pass}` needs {count} workgroups along one axis and this GPU takes at most {limit}; render a smaller size"
    )]
    Groups {
        /// Which pass.
        pass: &'static str,
        /// Its workgroups.
        count: u32,
        /// What the device takes.
        limit: u32,
    },
    /// A workgroup is too large.
    #[error("the pass `{pass}` has workgroups of {} by {} by {}, more than this GPU takes; use another GPU", sides[0], sides[1], sides[2])]
    Group {
        /// Which pass.
        pass: &'static str,
        /// Its workgroup.
        sides: [u32; 3],
    },
    /// A pass needs what the device has not.
    #[error("the pass `{pass}` needs {lacking}, which this GPU does not have; use another GPU")]
    Lacks {
        /// Which pass.
        pass: &'static str,
        /// What is lacking.
        lacking: &'static str,
    },
}

impl Recording {
    /// Whether a device can run it.
    ///
    /// # Errors
    /// The first thing that does not fit. A buffer that no pass sees, because copies alone reach it, may be larger than a
    /// binding.
    pub fn check(&self, limits: &DeviceLimits, features: &DeviceFeatures) -> Result<(), ExceedsDevice> {
        let mut bound = vec![false; self.buffers.len()];
        for proxy in self.passes().flat_map(|pass| pass.reads.iter().chain(&pass.writes)) {
            bound[proxy.0] = true;
        }
        for (buffer, bound) in self.buffers.iter().zip(bound) {
            let limit_bytes = if bound { limits.binding_bytes_max.min(limits.buffer_bytes_max) } else { limits.buffer_bytes_max };
            if buffer.bytes > limit_bytes {
                return Err(ExceedsDevice::Buffer { label: buffer.label.clone(), bytes: buffer.bytes, limit_bytes });
            }
        }
        self.ops.iter().try_for_each(|op| match op {
            Op::Pass(pass) => pass.check(limits, features),
            Op::Copy { .. } => Ok(()),
        })
    }
}

impl Pass {
    fn check(&self, limits: &DeviceLimits, features: &DeviceFeatures) -> Result<(), ExceedsDevice> {
        let facts = self.shader.facts();
        let pass = facts.name;
        if let Some(lacking) = features.lacking(self.shader) {
            return Err(ExceedsDevice::Lacks { pass, lacking });
        }
        let count = self.reads.len() + self.writes.len();
        if count > limits.bindings_max as usize {
            return Err(ExceedsDevice::Bindings { pass, count, limit: limits.bindings_max });
        }
        if let Some(&count) = self.groups.iter().find(|&&count| count > limits.groups_max) {
            return Err(ExceedsDevice::Groups { pass, count, limit: limits.groups_max });
        }
        let sides = facts.workgroup_with(&self.constants);
        let invocations = sides.iter().map(|&side| u64::from(side)).product::<u64>();
        let too_long = sides.iter().zip(limits.group_sides_max).any(|(&side, max)| side > max);
        if too_long || invocations > u64::from(limits.group_invocations_max) {
            return Err(ExceedsDevice::Group { pass, sides });
        }
        Ok(())
    }
}

impl DeviceFeatures {
    /// The same without what is not to be used.
    #[must_use]
    pub fn without(mut self, unused: Needs) -> Self {
        self.f16 &= !unused.f16;
        self.subgroups = self.subgroups.filter(|_| !unused.subgroups);
        if unused.cooperative_matrix {
            self.cooperative.clear();
        }
        self
    }

    /// Whether the device does the one product that kernels use, with subgroups of the size that they are written for.
    #[must_use]
    pub fn multiplies(&self) -> bool {
        let fits = self.subgroups.is_some_and(|(min, max)| (min..=max).contains(&CooperativeMatrix::SUBGROUP));
        fits && self.cooperative.contains(&CooperativeMatrix::USED)
    }

    /// What a shader needs and the device has not.
    #[must_use]
    pub fn lacking(&self, shader: Shader) -> Option<&'static str> {
        let needs = shader.facts().needs;
        if needs.f16 && !self.f16 {
            Some("16-bit floats")
        } else if needs.subgroups && self.subgroups.is_none() {
            Some("subgroup operations")
        } else if needs.cooperative_matrix && !self.multiplies() {
            Some("matrix units for 16 by 16 halves")
        } else {
            None
        }
    }
}
