//! Codes to normalised values and back, and the coefficients between R'G'B' and Y'CbCr, from ITU-R BT.601, BT.709 and BT.2020.

use shotfarm_shared::media::{Matrix, PixelFormat, Range};

/// How the codes of one plane stand for values: `value = (code - zero) / span`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Codes {
    pub(super) zero: f64,
    pub(super) span: f64,
}

impl Codes {
    /// Luma codes to 0..1. In limited range a 10-bit code is four times the 8-bit code.
    pub(super) fn luma(format: PixelFormat, range: Range) -> Self {
        let step = f64::from(1_u32 << (format.bits() - 8));
        match range {
            Range::Limited => Self { zero: 16.0 * step, span: 219.0 * step },
            Range::Full => Self { zero: 0.0, span: code_max(format) },
        }
    }

    /// Chroma codes to -1/2..1/2; the middle code is exactly 0.
    pub(super) fn chroma(format: PixelFormat, range: Range) -> Self {
        let step = f64::from(1_u32 << (format.bits() - 8));
        match range {
            Range::Limited => Self { zero: 128.0 * step, span: 224.0 * step },
            Range::Full => Self { zero: 128.0 * step, span: code_max(format) },
        }
    }
}

/// The largest code of a format.
pub(super) fn code_max(format: PixelFormat) -> f64 {
    f64::from((1_u32 << format.bits()) - 1)
}

/// The coefficients of one matrix, both ways.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Coefficients {
    pub(super) luma_from_red: f64,
    pub(super) luma_from_blue: f64,
    pub(super) red_from_cr: f64,
    pub(super) green_from_cb: f64,
    pub(super) green_from_cr: f64,
    pub(super) blue_from_cb: f64,
}

impl Coefficients {
    pub(super) fn of(matrix: Matrix) -> Self {
        let (red, blue) = matrix.luma_weights();
        let green = 1.0 - red - blue;
        let (red_from_cr, blue_from_cb) = (2.0 * (1.0 - red), 2.0 * (1.0 - blue));
        Self {
            luma_from_red: red,
            luma_from_blue: blue,
            red_from_cr,
            green_from_cb: -blue * blue_from_cb / green,
            green_from_cr: -red * red_from_cr / green,
            blue_from_cb,
        }
    }
}

/// A matrix's name in messages.
pub(super) fn matrix_name(matrix: Matrix) -> &'static str {
    match matrix {
        Matrix::Bt601 => "BT.601",
        Matrix::Bt709 => "BT.709",
        Matrix::Bt2020 => "BT.2020",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths_agree_in_limited_range() {
        for code in [16.0, 100.0, 235.0] {
            let eight = Codes::luma(PixelFormat::Yuv420p, Range::Limited);
            let ten = Codes::luma(PixelFormat::Yuv420p10le, Range::Limited);
            assert_eq!((code - eight.zero) / eight.span, (4.0 * code - ten.zero) / ten.span);
        }
    }

    #[test]
    fn matrices_match_the_printed_standards() {
        let c = Coefficients::of(Matrix::Bt709);
        let printed = [(c.red_from_cr, 1.5748), (c.blue_from_cb, 1.8556), (c.green_from_cb, -0.1873), (c.green_from_cr, -0.4681)];
        for (found, expected) in printed {
            assert!((found - expected).abs() < 5e-5, "{found} is not {expected}");
        }
    }
}
