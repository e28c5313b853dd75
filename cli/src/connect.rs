//! The way to the farm: one place that connects, and one that puts a farm's refusal into our words.

use shotfarm_proto::blobs::{BlobError, TransferError};
use shotfarm_proto::client::{ConnectError, Connection};
use tonic::{Code, Status};

use crate::args::Common;
use crate::error::{CliError, chain};
use crate::settings;

/// Connects to the farm that `common` names, with its secret.
pub(crate) async fn connect(common: &Common) -> Result<Connection, CliError> {
    let secret = settings::secret(common)?;
    Connection::connect(&common.farm, &secret).await.map_err(|error| unreachable(&error))
}

/// Holds the farm's address to its form before anything slow is begun; whether a farm is there is seen later.
pub(crate) fn check_address(common: &Common) -> Result<(), CliError> {
    Connection::check_url(&common.farm).map_err(|error| unreachable(&error))
}

fn unreachable(error: &ConnectError) -> CliError {
    let sentence = chain(error);
    match error {
        ConnectError::InvalidUrl { .. } => {
            CliError::refused(sentence).hint("write it as http://HOST:PORT, with --farm or SHOTFARM_URL")
        }
        ConnectError::WrongSecret { .. } => CliError::refused(sentence)
            .hint("the secret read was that of --secret-file, SHOTFARM_SECRET_FILE or ~/.shotfarm/farm/secret"),
        ConnectError::Refused { .. } => {
            CliError::not_now(sentence).hint("start a farm here with `shotfarm up`, or name another with --farm or SHOTFARM_URL")
        }
        _ => CliError::not_now(sentence).hint("name the farm with --farm or SHOTFARM_URL; `shotfarm doctor` looks closer"),
    }
}

/// Why the farm did not do what was asked, from the status it answered with.
pub(crate) fn refusal(status: &Status) -> CliError {
    let message =
        if status.message().is_empty() { format!("the farm answered {}", status.code()) } else { status.message().to_owned() };
    match status.code() {
        Code::InvalidArgument
        | Code::NotFound
        | Code::FailedPrecondition
        | Code::AlreadyExists
        | Code::Unauthenticated
        | Code::PermissionDenied
        | Code::OutOfRange => CliError::refused(message),
        Code::Unimplemented => {
            CliError::refused(message).hint("client and farm are of different versions; install the same on both")
        }
        _ if is_lost(status) => {
            CliError::not_now(format!("the farm went away: {message}")).hint("try again; nothing that it had accepted is lost")
        }
        _ => CliError::not_now(message),
    }
}

/// Whether the connection broke, so that asking again may help.
pub(crate) fn is_lost(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable | Code::Aborted | Code::Cancelled | Code::DeadlineExceeded => true,
        // A connection that breaks in the middle of a message.
        Code::Unknown | Code::Internal => std::error::Error::source(status).is_some(),
        _ => false,
    }
}

/// Why bytes did not get there.
pub(crate) fn transfer_failed(error: &TransferError) -> CliError {
    let sentence = chain(error);
    match error {
        TransferError::Unreachable { .. } => CliError::not_now(sentence).hint("call again: it goes on where it ended"),
        _ if error.is_no_space() => CliError::not_now(sentence),
        TransferError::Local(error) => local_failed(error),
        _ => CliError::refused(sentence),
    }
}

/// Why a local file could not be read or written.
pub(crate) fn local_failed(error: &BlobError) -> CliError {
    match error {
        BlobError::NoSpace { .. } | BlobError::Busy { .. } => CliError::not_now(chain(error)),
        _ => CliError::refused(chain(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn statuses_become_the_documented_exits() {
        assert_eq!(refusal(&Status::not_found("no job `x`")).exit, Exit::Failed);
        assert_eq!(refusal(&Status::not_found("no job `x`")).message, "no job `x`");
        let gone = refusal(&Status::unavailable("reset"));
        assert_eq!((gone.exit, gone.message.as_str()), (Exit::NotNow, "the farm went away: reset"));
        assert_eq!(refusal(&Status::resource_exhausted("disk full")).exit, Exit::NotNow);
        assert!(refusal(&Status::internal("")).message.starts_with("the farm answered "));
    }

    #[test]
    fn no_farm_may_be_there_later_and_a_wrong_address_never() {
        let url = || "http://h:1".to_owned();
        assert_eq!(unreachable(&ConnectError::Refused { url: url() }).exit, Exit::NotNow);
        assert_eq!(unreachable(&ConnectError::InvalidUrl { url: url() }).exit, Exit::Failed);
        assert_eq!(unreachable(&ConnectError::WrongSecret { url: url() }).exit, Exit::Failed);
    }
}
