//! The colours of sheets and clips, each with one meaning.

use shotfarm_shared::track::Layout;

use super::canvas::Ink;

/// The ground of a sheet.
pub(super) const GROUND: u32 = 0x14_161d;
/// The ground of a diagram.
pub(super) const FIELD: Ink = Ink::solid(0x1e_222c);
/// Words.
pub(super) const TEXT: Ink = Ink::solid(0xee_f0f4);
/// Words by the way.
pub(super) const FAINT: Ink = Ink::solid(0x9a_a2b4);
/// What a window leaves out.
pub(super) const LEFT_OUT: Ink = Ink { rgb: 0x08_0a10, alpha: 165 };
/// What the ground of a picture that is shown whole is darkened by, as in the result itself.
pub(super) const GROUND_SHADE: Ink = Ink { rgb: 0, alpha: 153 };
/// The shade behind a bright line, so that it is seen on bright pictures too.
pub(super) const SHADE: Ink = Ink { rgb: 0, alpha: 150 };
/// A face.
pub(super) const FACE: Ink = Ink::solid(0x6c_f39a);
/// What the platform covers.
pub(super) const ZONE: Ink = Ink::solid(0xff_4d4d);
/// What was set by hand.
pub(super) const KEY: Ink = Ink::solid(0xff_8c1a);
/// A cut.
pub(super) const CUT: Ink = Ink::solid(0xff_ffff);
/// The window.
pub(super) const WINDOW: Ink = Ink::solid(0xff_d84a);
/// The second window of a split.
pub(super) const SECOND: Ink = Ink::solid(0x57_c7ff);
/// A window that is shown whole over its own blurred copy.
pub(super) const FIT: Ink = Ink::solid(0xff_8fd0);

/// The colour of the window of that number.
pub(super) fn window(layout: Layout, number: usize) -> Ink {
    match (layout, number) {
        (Layout::Fit, _) => FIT,
        (_, 0) => WINDOW,
        _ => SECOND,
    }
}
