//! Media in and out: ffmpeg as a fenced child process, and the proofs that no frame or sample was lost on the way.
//!
//! A source is probed once by decoding it whole ([`probe`]), indexed ([`index`]), decoded by exact frame ranges ([`decode`]),
//! encoded in groups of pictures that do not depend on how a shot was split ([`encode`]), checked frame by frame ([`verify`]),
//! and joined with its own untouched sound ([`assemble`]). Everything here is synchronous: threads, pipes and files.

pub(crate) mod accompany;
pub mod assemble;
pub mod audio;
pub mod decode;
pub mod encode;
pub mod error;
pub mod index;
pub mod join;
pub mod probe;
pub mod process;
pub mod sniff;
pub mod timing;
pub mod tools;
pub mod verify;

pub use assemble::{Assembly, OutputFacts, assemble};
pub use decode::Decoder;
pub use encode::{EncodeSettings, Encoder};
pub use error::MediaError;
pub use index::SourceIndex;
pub use probe::probe;
pub use process::Cancel;
pub use tools::Tools;
pub use verify::FrameDigests;
