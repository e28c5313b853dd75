//! Bringing sources to the farm: asks what is missing, sends only that, goes on where a broken upload ended.

use std::collections::BTreeMap;

use shotfarm_proto::blobs;
use shotfarm_proto::client::Connection;
use shotfarm_proto::v1::StatRequest;
use shotfarm_shared::digest::Digest;

use super::sources::Source;
use crate::connect::{refusal, transfer_failed};
use crate::error::CliError;
use crate::voice::Voice;
use crate::voice::progress::{Progress, Unit};

/// Digests in one question: about 70 KiB, far below the bound of a message.
const STAT_DIGESTS_MAX: usize = 1_000;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uploaded {
    /// Files sent.
    pub(crate) files: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

/// Sends the sources that the farm does not have.
pub(crate) async fn upload(voice: Voice, farm: &Connection, sources: &[Source]) -> Result<Uploaded, CliError> {
    // Two files of the same bytes are one blob.
    let distinct: BTreeMap<Digest, &Source> = sources.iter().map(|source| (source.digest, source)).collect();
    let distinct: Vec<&Source> = distinct.into_values().collect();
    let missing = missing(farm, &distinct).await?;
    let total: u64 = missing.iter().map(|source| source.bytes).sum();
    let mut progress = Progress::start(voice, "uploading", Unit::Bytes, total);
    let mut done = Uploaded::default();
    let client = farm.blobs();
    for source in missing {
        let before = done.bytes;
        let mut on_progress = |sent: u64, _: u64| progress.set(before + sent, total);
        blobs::upload(&client, source.digest, &source.path, &mut on_progress).await.map_err(|error| transfer_failed(&error))?;
        done = Uploaded { files: done.files + 1, bytes: done.bytes + source.bytes };
    }
    Ok(done)
}

async fn missing<'a>(farm: &Connection, sources: &[&'a Source]) -> Result<Vec<&'a Source>, CliError> {
    let mut missing = Vec::new();
    for chunk in sources.chunks(STAT_DIGESTS_MAX) {
        let digests = chunk.iter().map(|source| source.digest.to_string()).collect();
        let reply = farm.blobs().stat(StatRequest { digests }).await.map_err(|status| refusal(&status))?.into_inner();
        if reply.blobs.len() != chunk.len() {
            return Err(
                CliError::not_now("the farm did not answer for every source").hint("client and farm may differ in version")
            );
        }
        missing.extend(chunk.iter().zip(&reply.blobs).filter(|(_, blob)| !blob.whole).map(|(source, _)| *source));
    }
    Ok(missing)
}
