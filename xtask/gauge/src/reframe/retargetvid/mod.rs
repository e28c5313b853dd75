//! The public RetargetVid set: what annotators agree on, and, where its clips are at hand, what ours chooses.

mod annotations;
mod score;
