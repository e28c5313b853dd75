//! `reframe-report`: how well windows are chosen, on drawn shots whose truth is known, beside what others would choose.

mod area;
mod set;
mod truth;
