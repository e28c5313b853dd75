//! What others would choose: AutoFlip's published rules, and PySceneDetect's for cuts.
//!
//! Written from descriptions of their behaviour; none of their code is here. They are given what ours is given: the decoded
//! frames, and the same candidates for subjects.

pub(crate) mod autoflip;
pub(crate) mod scenedetect;
