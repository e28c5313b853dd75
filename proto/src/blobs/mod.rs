//! Blobs: immutable bytes named by their BLAKE3 digest. What both ends of a transfer share.
//!
//! `dir` keeps them on disk, `partial` is a blob that is still being written, `transfer` moves them over gRPC. Nothing is
//! ever called by a digest that its bytes have not been checked against.

mod dir;
mod error;
mod partial;
mod transfer;

pub use dir::{BlobDir, BlobState, Upload, hash_file};
pub use error::BlobError;
pub use transfer::{Progress, TransferError, download, download_file, upload};

/// Runs blocking `work` away from the async threads. A panic in it goes on in the caller.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
