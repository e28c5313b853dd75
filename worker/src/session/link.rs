//! One connection to the coordinator: opened, spoken over, and its end explained.

use std::time::Duration;

use shotfarm_proto::access::Secret;
use shotfarm_proto::client::{ConnectError, Connection, Farm};
use shotfarm_proto::convert::{FromWorker, ToWorker};
use shotfarm_proto::v1;
use shotfarm_shared::limits::LEASE_MILLIS;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

use crate::agent::Disconnect;

/// Messages waiting to be sent. A worker says a handful a second; a stream this far behind is as good as broken, and the
/// next one begins with everything that matters.
const OUTBOUND_MAX: usize = 1_024;
/// How long a coordinator may take for its first word. One that hangs keeps its connection alive; a worker that has waited
/// for a lease's length has nothing to lose by trying anew.
const WELCOME_MILLIS_MAX: u64 = LEASE_MILLIS;
/// Messages received and not yet acted on.
pub(super) const INBOUND_MAX: usize = 256;

/// What happens to a connection; the number says to which.
pub(super) type Report = (u64, LinkEvent);

/// What can happen to a connection.
pub(super) enum LinkEvent {
    /// It is open; the sender speaks on it.
    Opened(mpsc::Sender<FromWorker>),
    /// The coordinator said something.
    Message(ToWorker),
    /// It is over, or never was.
    Closed(Disconnect),
}

/// Opens connection `number` and reports all that happens to it until it is over.
pub(super) async fn keep(number: u64, farm_url: String, secret: Secret, reports: mpsc::Sender<Report>) {
    let disconnect = match Connection::connect(&farm_url, &secret).await {
        Ok(connection) => talk(number, connection.farm(), &farm_url, &reports).await,
        Err(error) => explain(&error),
    };
    // Nobody listens any more only when the session itself is over.
    let _ = reports.send((number, LinkEvent::Closed(disconnect))).await;
}

async fn talk(number: u64, mut farm: Farm, farm_url: &str, reports: &mpsc::Sender<Report>) -> Disconnect {
    let (outbound, messages) = mpsc::channel(OUTBOUND_MAX);
    // Before the call: a coordinator may read the first message before it answers.
    let _ = reports.send((number, LinkEvent::Opened(outbound))).await;
    let messages = ReceiverStream::new(messages).map(|message| v1::FromWorker::from(&message));
    let first = async {
        let mut inbound = farm.work(messages).await?.into_inner();
        let message = inbound.message().await?;
        Ok::<_, Status>((inbound, message))
    };
    let (mut inbound, mut message) = match tokio::time::timeout(Duration::from_millis(WELCOME_MILLIS_MAX), first).await {
        Ok(Ok((inbound, message))) => (inbound, Ok(message)),
        Ok(Err(status)) => return explain_status(&status, farm_url),
        Err(_) => {
            let sentence = format!("the farm at {farm_url} took the connection and says nothing: is its coordinator stuck?");
            return Disconnect { sentence, refused: false };
        }
    };
    loop {
        match message {
            Ok(Some(message)) => match ToWorker::try_from(message) {
                Ok(message) => drop(reports.send((number, LinkEvent::Message(message))).await),
                // A lease in it is never named by a beat, so the coordinator ends it and asks another worker.
                Err(error) => tracing::warn!(%error, "the coordinator said something that this worker does not understand"),
            },
            Ok(None) => {
                let sentence = format!("the farm at {farm_url} ended the conversation");
                return Disconnect { sentence, refused: false };
            }
            Err(status) => return explain_status(&status, farm_url),
        }
        message = inbound.message().await;
    }
}

/// A wrong address or secret needs a person; everything else may be a coordinator that is about to start.
fn explain(error: &ConnectError) -> Disconnect {
    let refused = matches!(error, ConnectError::InvalidUrl { .. } | ConnectError::WrongSecret { .. });
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    Disconnect { sentence: format!("{error}{cause}"), refused }
}

fn explain_status(status: &Status, farm_url: &str) -> Disconnect {
    let refused = matches!(
        status.code(),
        Code::Unauthenticated | Code::PermissionDenied | Code::FailedPrecondition | Code::InvalidArgument | Code::Unimplemented
    );
    let message = status.message();
    let sentence = if refused {
        format!("the farm at {farm_url} refused this worker: {message}")
    } else {
        format!("the connection to the farm at {farm_url} broke: {message}")
    };
    Disconnect { sentence, refused }
}
