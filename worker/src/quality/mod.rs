//! How good a picture is, in figures: functions of planes, used by the render's own check and by the picture report.
//!
//! Invariants: nothing here knows a device or a file, and equal planes give equal figures on every machine. Values are on the
//! scale of 8-bit codes (0 to 255, fractions allowed) whatever the depth of the frame they come from, so that figures of
//! different depths can be compared, and are those that ffmpeg's filters give for 8 bits.

mod area;
mod fidelity;
mod flicker;
mod plane;
mod psnr;
mod ssim;

pub use area::shrink;
pub use fidelity::decibels_from_source;
pub use flicker::{Flicker, second_difference};
pub use plane::{PEAK, Plane};
pub use psnr::{PSNR_DECIBELS_MAX, mean_squared_error, psnr, psnr_of_error};
pub use ssim::{WINDOW, ssim};
