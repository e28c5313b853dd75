//! The wire: gRPC services by audience (workers, studios, blobs), and conversions to and from the domain types.
//!
//! Messages are only shapes; what they must mean is checked in `convert`, where every failure names the field. Domain types
//! never derive wire traits, so that the wire can change without them. `blobs` holds what both ends of a blob transfer share.

pub mod access;
pub mod blobs;
pub mod client;
pub mod convert;
pub mod version;

/// Generated messages and services of `shotfarm.v1`.
#[expect(
    missing_docs,
    unused_qualifications,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::allow_attributes,
    reason = "generated; documented in the .proto files"
)]
pub mod v1 {
    tonic::include_proto!("shotfarm.v1");
}
