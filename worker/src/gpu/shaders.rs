//! The table of passes that the build script reads out of `shaders/*.wgsl`: sources, bindings, parameter blocks, constants.
//! Nothing here is written twice; see `build.rs` for the rules that shaders keep.

/// What the build read out of one shader.
#[derive(Debug)]
pub struct ShaderFacts {
    /// The file's name without its ending, behind its folder's; a variant by element type has the type behind.
    pub name: &'static str,
    /// The entry point.
    pub entry: &'static str,
    /// The WGSL with its includes.
    pub source: &'static str,
    /// Invocations of one workgroup along each axis, where no pass says otherwise.
    pub workgroup: [u32; 3],
    /// The overrides that say the sides of the workgroup.
    pub workgroup_overrides: [Option<&'static str>; 3],
    /// The constants that a pass may set.
    pub overrides: &'static [OverrideFacts],
    /// What a device must have to run it.
    pub needs: Needs,
    /// Storage buffers it reads: bindings 1 and up. Binding 0 is the parameter block.
    pub reads: usize,
    /// Storage buffers it writes: the bindings after those it reads.
    pub writes: usize,
    /// Bytes of its parameter block.
    pub params_bytes: usize,
}

/// A WGSL `override`: a constant that is set when the pass is compiled, so that one checked file gives specialised kernels.
#[derive(Debug)]
pub struct OverrideFacts {
    /// Its name.
    pub name: &'static str,
    /// Its value where a pass does not set it; a pass must where there is none. A bool is 0 or 1.
    pub default: Option<f64>,
}

/// What a device must have to run a shader, beside what every device has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// 16-bit floats in arithmetic and in buffers.
    pub f16: bool,
    /// Operations among the invocations of a subgroup.
    pub subgroups: bool,
    /// Matrix products by a whole subgroup.
    pub cooperative_matrix: bool,
}

impl Needs {
    /// What either needs.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            f16: self.f16 || other.f16,
            subgroups: self.subgroups || other.subgroups,
            cooperative_matrix: self.cooperative_matrix || other.cooperative_matrix,
        }
    }
}

impl ShaderFacts {
    /// Invocations of one workgroup along each axis, with these constants set.
    #[must_use]
    pub fn workgroup_with(&self, constants: &[(&str, f64)]) -> [u32; 3] {
        let mut sides = self.workgroup;
        for (side, name) in sides.iter_mut().zip(self.workgroup_overrides) {
            if let Some((_, value)) = constants.iter().find(|(constant, _)| name == Some(constant)) {
                *side = *value as u32;
            }
        }
        sides
    }
}

include!(concat!(env!("OUT_DIR"), "/shaders.rs"));
