//! What an analysis found and what was planned from it.

use shotfarm_shared::work::{Extra, FindingsReceipt, Planned};

use super::{InvalidMessage, parse, required};
use crate::v1;

impl From<&FindingsReceipt> for v1::FindingsReceipt {
    fn from(found: &FindingsReceipt) -> Self {
        Self { range: Some(found.range.into()), bytes: found.bytes, digest: found.digest.to_string() }
    }
}

impl TryFrom<v1::FindingsReceipt> for FindingsReceipt {
    type Error = InvalidMessage;

    fn try_from(message: v1::FindingsReceipt) -> Result<Self, InvalidMessage> {
        Ok(Self {
            range: required("range", message.range)?.try_into()?,
            bytes: message.bytes,
            digest: parse("digest", &message.digest)?,
        })
    }
}

impl From<&Planned> for v1::Planned {
    fn from(planned: &Planned) -> Self {
        Self {
            frames: planned.frames,
            track: planned.track.to_string(),
            told: planned.told.clone(),
            extras: planned.extras.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<v1::Planned> for Planned {
    type Error = InvalidMessage;

    fn try_from(message: v1::Planned) -> Result<Self, InvalidMessage> {
        let planned = Self {
            frames: message.frames,
            track: parse("track", &message.track)?,
            told: message.told,
            extras: message.extras.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
        };
        planned.check(planned.frames).map_err(|reason| InvalidMessage::new("planned", reason))?;
        Ok(planned)
    }
}

impl From<&Extra> for v1::Extra {
    fn from(extra: &Extra) -> Self {
        Self { suffix: extra.suffix.clone(), bytes: extra.bytes, digest: extra.digest.to_string() }
    }
}

impl TryFrom<v1::Extra> for Extra {
    type Error = InvalidMessage;

    fn try_from(message: v1::Extra) -> Result<Self, InvalidMessage> {
        Ok(Self { suffix: message.suffix, bytes: message.bytes, digest: parse("digest", &message.digest)? })
    }
}
