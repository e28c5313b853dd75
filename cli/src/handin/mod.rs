//! Handing in: what a manifest or clip asks for, its sources on this machine, their upload, and the token that makes the
//! same hand-in the same batch.

pub(crate) mod by_hand;
pub(crate) mod models;
pub(crate) mod request;
pub(crate) mod sources;
pub(crate) mod token;
pub(crate) mod tracks;
pub(crate) mod upload;
pub(crate) mod zones;
