//! What a device is checked with: small recordings that together run every shader.

use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, Extent, FrameLayout, Matrix, PixelFormat, Range};
use shotfarm_shared::recipe::read_steps;

use crate::gpu::measure::{arithmetic, matrix};
use crate::gpu::recording::Recording;
use crate::gpu::shaders::Shader;
use crate::gpu::{RecordError, record};
use crate::net::Models;

/// The side of the check's frames: small enough for the software device, larger than one workgroup.
const SIDE: u32 = 16;

/// Steps that together reach every shader of the recipes. A new step, or a filter with a shader of its own, adds a line.
const STEPS: [&str; 12] = [
    "upscale 2x filter=lanczos",
    "upscale 0.5x filter=lanczos",
    "upscale 2x filter=ewa-lanczos",
    "upscale 0.75x filter=ewa-lanczos",
    "upscale 1.3x filter=ewa-lanczos4sharpest",
    "upscale 8x filter=bilinear | upscale 0.1x filter=area",
    "upscale 2x filter=fsr",
    "upscale 1.5x filter=fsr",
    "denoise strength=1 frames=0",
    "deband strength=0.7 range=5",
    "sharpen strength=1",
    "grain strength=1",
];

/// Workgroups and rounds with which the kernels of `gpu bench` are checked.
const BENCH_GROUPS: u32 = 2;
const BENCH_ROUNDS: u32 = 5;

/// One recording, and how it is called.
pub(super) struct Check {
    pub(super) name: String,
    pub(super) recording: Recording,
}

/// All of them. What no recipe records (kernels of networks, of `gpu bench`) is recorded here by hand.
///
/// # Errors
/// When a step of the list cannot be recorded.
pub(super) fn checks() -> Result<Vec<Check>, RecordError> {
    let mut checks = Vec::new();
    for text in STEPS {
        checks.push(Check { name: text.to_owned(), recording: steps(text)? });
    }
    for shader in [Shader::BenchArithmetic, Shader::BenchArithmeticF16] {
        checks.push(Check { name: shader.facts().name.to_owned(), recording: arithmetic(shader, BENCH_GROUPS, BENCH_ROUNDS) });
    }
    checks.push(Check { name: Shader::BenchMatrix.facts().name.to_owned(), recording: matrix(BENCH_GROUPS, BENCH_ROUNDS) });
    Ok(checks)
}

fn steps(text: &str) -> Result<Recording, RecordError> {
    let steps = read_steps(text).expect("the list above holds valid steps: its test reads them");
    let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags: ColourTags::default() };
    let input = FrameLayout { extent: Extent::new(SIDE, SIDE), format: PixelFormat::Yuv420p, colour };
    let extent = steps.iter().fold(input.extent, |extent, step| step.extent(extent));
    record(&steps, &input, &FrameLayout { extent, ..input.clone() }, &Models::new())
}
