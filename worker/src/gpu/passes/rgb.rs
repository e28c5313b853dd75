//! Between planes of Y'CbCr and planes of R'G'B' in the light that a filter works in.

use shotfarm_shared::media::{Extent, Matrix};

use super::colour::Coefficients;
use super::planes::{Planes, Sampling, line_grid, resample_chroma};
use crate::gpu::recording::{Proxy, Recorder};
use crate::gpu::shaders::{Shader, curves, from_rgb as from_shader, to_rgb as to_shader};

/// The light that a filter works in.
///
/// "Linear" is the sRGB curve whatever the source's transfer tag says. It only steers how neighbours are averaged, and the
/// same curve leads back, so the display's own curve does not matter; but its straight foot does: the inverse of a pure power
/// is infinitely steep at black and would blow rounding errors and dark ringing up to visible codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Light {
    /// As coded, held to 0..1.
    Coded,
    /// Linear.
    Linear,
    /// Linear, bent by a sigmoid.
    Sigmoid,
}

impl Light {
    pub(super) fn code(self) -> u32 {
        match self {
            Self::Coded => curves::CURVE_CODED,
            Self::Linear => curves::CURVE_LINEAR,
            Self::Sigmoid => curves::CURVE_SIGMOID,
        }
    }
}

/// Three planes, one for each of red, green and blue.
pub(super) fn rgb_planes(recorder: &mut Recorder, extent: Extent) -> [Proxy; 3] {
    ["red", "green", "blue"].map(|label| recorder.plane(label, extent.pixels()))
}

/// Records the way into R'G'B'.
pub(super) fn to_rgb(recorder: &mut Recorder, planes: &Planes, matrix: Matrix, light: Light) -> [Proxy; 3] {
    let planes = resample_chroma(recorder, planes, Sampling::FULL);
    let of = Coefficients::of(matrix);
    let (stride, size) = line_grid(Shader::ToRgb, planes.extent.pixels());
    let params = to_shader::Params {
        samples: planes.extent.pixels() as u32,
        stride,
        curve: light.code(),
        red_from_cr: of.red_from_cr as f32,
        green_from_cb: of.green_from_cb as f32,
        green_from_cr: of.green_from_cr as f32,
        blue_from_cb: of.blue_from_cb as f32,
    };
    let rgb = rgb_planes(recorder, planes.extent);
    recorder.grid(Shader::ToRgb, &params, &planes.values, &rgb, size);
    rgb
}

/// Records the way back; chroma is left at full size.
pub(super) fn from_rgb(recorder: &mut Recorder, rgb: [Proxy; 3], extent: Extent, matrix: Matrix, light: Light) -> Planes {
    let of = Coefficients::of(matrix);
    let (stride, size) = line_grid(Shader::FromRgb, extent.pixels());
    let params = from_shader::Params {
        samples: extent.pixels() as u32,
        stride,
        curve: light.code(),
        luma_from_red: of.luma_from_red as f32,
        luma_from_blue: of.luma_from_blue as f32,
        cb_scale: (1.0 / of.blue_from_cb) as f32,
        cr_scale: (1.0 / of.red_from_cr) as f32,
    };
    let values = ["luma", "Cb", "Cr"].map(|label| recorder.plane(label, extent.pixels()));
    recorder.grid(Shader::FromRgb, &params, &rgb, &values, size);
    Planes { extent, sampling: Sampling::FULL, values }
}
