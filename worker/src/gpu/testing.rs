//! What the unit tests of the GPU part share.

use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, Extent, FrameLayout, Matrix, PixelFormat, Range};

use super::{Gpu, GpuChoice, GpuOptions, Recording, record};
use crate::net::Models;

/// The software device.
pub(crate) fn software() -> Gpu {
    software_with(&GpuOptions::default())
}

/// The software device with options.
pub(crate) fn software_with(options: &GpuOptions) -> Gpu {
    Gpu::open_with(GpuChoice::Software, options).expect("a software Vulkan device; install `mesa-vulkan-drivers`")
}

/// BT.709, limited range, chroma to the left.
pub(crate) fn layout(width: u32, height: u32, format: PixelFormat) -> FrameLayout {
    let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags: ColourTags::default() };
    FrameLayout { extent: Extent::new(width, height), format, colour }
}

/// Frames of 16 by 8 that come back as they are.
pub(crate) fn unchanged() -> Recording {
    let layout = layout(16, 8, PixelFormat::Yuv420p);
    record(&[], &layout, &layout, &Models::new()).expect("records")
}
