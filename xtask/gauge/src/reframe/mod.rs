//! `reframe-report`: how well windows are chosen, on drawn shots whose truth is known, beside what others would choose.

mod area;
mod clip;
mod judged;
mod metrics;
mod outcome;
mod peers;
mod retargetvid;
mod set;
mod sheets;
mod truth;
mod write;
