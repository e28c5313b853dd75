//! A picture and the sound of its source in one file for people: the sound is made anew, so that every player has it.
//!
//! Nothing here is a delivery: outputs carry the source's own samples ([`super::assemble`]).

use std::path::Path;

use shotfarm_shared::failure::FailureClass;
use shotfarm_shared::media::MediaFacts;

use super::decode::seconds;
use super::error::MediaError;
use super::process::{Cancel, Purpose};
use super::tools::{Tools, container_input, file_url, output};

/// Puts the encoded `picture`, an MP4 whose first frame is at 0, and the first audio stream of `source` as AAC into the MP4
/// `out`, each sample where it lies under the source's frames. Without a sound it is the picture alone.
///
/// # Errors
/// When ffmpeg cannot do it: this worker's fault or the environment's, since the probe has decoded the sound.
pub(crate) fn accompany(
    tools: &Tools,
    picture: &Path,
    source: &Path,
    facts: &MediaFacts,
    out: &Path,
    cancel: &Cancel,
) -> Result<(), MediaError> {
    let heard = facts.audio.first().is_some_and(|audio| audio.samples > 0);
    let mut command = tools.ffmpeg();
    command.arg("-copyts");
    container_input(&mut command, "mov", picture)?;
    if heard {
        command.args(["-itsoffset", &seconds(-facts.start_micros)]);
        container_input(&mut command, &facts.container, source)?;
    }
    command.args(["-map", "0:v:0"]);
    if heard {
        command.args(["-map", "1:a:0", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000"]);
    }
    command.args(["-c:v", "copy", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"]);
    command.args(["-movflags", "+faststart", "-f", "mp4"]).arg(file_url(out)?);
    output(command, Purpose { operation: "adding sound to", path: out, fault: FailureClass::Worker }, cancel).map(drop)
}
