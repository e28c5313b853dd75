//! The check at start: one small frame through the device, held to the CPU twin, so that a broken driver never renders.

use shotfarm_shared::media::{Colour, ColourTags, Extent, FrameLayout, Matrix, PixelFormat};
use shotfarm_shared::recipe::{Filter, Step, Target, Upscale};

use crate::config::WorkerError;
use crate::gpu::{Gpu, Graph, record, twins};
use crate::net::Models;

/// The check's frame: small enough for the software device, larger than one workgroup.
const SIDE: u32 = 16;
/// Most codes that an 8-bit sample may differ: both sides round, and may do so on either side of a half.
const CODES_APART_MAX: u8 = 1;

/// Renders one frame with every kind of filter on `gpu` and holds it to the CPU twins.
///
/// # Errors
/// [`WorkerError::WrongPictures`], or what the device reports.
pub fn check_pictures(gpu: &Gpu) -> Result<(), WorkerError> {
    let wrong = |detail: String| WorkerError::WrongPictures { adapter: gpu.facts().to_string(), detail };
    for filter in [Filter::Lanczos, Filter::EwaLanczos, Filter::FSR_DEFAULT] {
        let (input, output) = (layout(SIDE), layout(SIDE * 2));
        let target = Target::Factor { thousandths: 2_000 };
        let steps = [Step::Upscale(Upscale { target, model: None, filter, check_hundredths: None })];
        let recording = record(&steps, &input, &output, &Models::new()).map_err(|error| wrong(error.to_string()))?;
        let frame: Vec<u8> = (0..input.frame_bytes()).map(|at| (at * 37 % 200 + 20) as u8).collect();
        let mut graph = Graph::new(gpu, &recording)?;
        let mut got = Vec::new();
        graph.submit(&frame, 0)?;
        graph.next(&mut got)?;
        compare(&got, &twins::run(&recording, &frame)).map_err(|detail| wrong(format!("{}: {detail}", filter.name())))?;
    }
    Ok(())
}

fn layout(side: u32) -> FrameLayout {
    let extent = Extent::new(side, side);
    let colour = Colour {
        matrix: Matrix::Bt709,
        range: shotfarm_shared::media::Range::Limited,
        site: shotfarm_shared::media::ChromaSite::Left,
        tags: ColourTags::default(),
    };
    FrameLayout { extent, format: PixelFormat::Yuv420p, colour }
}

fn compare(got: &[u8], expected: &[u8]) -> Result<(), String> {
    if got.len() != expected.len() {
        return Err(format!("{} bytes came back instead of {}", got.len(), expected.len()));
    }
    match got.iter().zip(expected).position(|(got, expected)| got.abs_diff(*expected) > CODES_APART_MAX) {
        None => Ok(()),
        Some(at) => Err(format!("sample {at} is {} instead of {}", got[at], expected[at])),
    }
}

#[cfg(test)]
mod tests {
    use crate::gpu::GpuChoice;

    use super::*;

    #[test]
    fn the_software_device_passes() {
        let gpu = Gpu::open(GpuChoice::Software).expect("a software Vulkan device; install `mesa-vulkan-drivers`");
        check_pictures(&gpu).unwrap();
    }

    #[test]
    fn a_picture_that_is_off_is_seen() {
        assert_eq!(compare(&[7, 8, 9], &[7, 9, 9]), Ok(()));
        assert_eq!(compare(&[7, 8, 9], &[7, 10, 9]), Err("sample 1 is 8 instead of 10".to_owned()));
        assert!(compare(&[7], &[7, 8]).is_err());
    }
}
