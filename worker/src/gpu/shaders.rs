//! The table of passes that the build script reads out of `shaders/*.wgsl`: sources, bindings, parameter blocks, constants.
//! Nothing here is written twice; see `build.rs` for the rules that shaders keep.

/// What the build read out of one shader.
#[derive(Debug)]
pub struct ShaderFacts {
    /// The file's name without its ending, and the entry point's.
    pub name: &'static str,
    /// The WGSL with its includes.
    pub source: &'static str,
    /// Invocations of one workgroup along each axis.
    pub workgroup: [u32; 3],
    /// Storage buffers it reads: bindings 1 and up. Binding 0 is the parameter block.
    pub reads: usize,
    /// Storage buffers it writes: the bindings after those it reads.
    pub writes: usize,
    /// Bytes of its parameter block.
    pub params_bytes: usize,
}

include!(concat!(env!("OUT_DIR"), "/shaders.rs"));
