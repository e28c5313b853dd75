//! Pictures for people: the contact sheet of an episode and the before/after of a shot, as PNG.

mod look;
mod sheet;

pub use look::{MediaLook, PictureError, frame_of, look_at, write_png};
pub use sheet::{Tile, before_after, contact_sheet};
