//! The client side of the wire: one connection to a farm, its three services, and what to say when there is no farm.
//!
//! Connecting asks one question with the secret, so that a wrong address or secret is known at once and in words.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;

use shotfarm_shared::limits::{CONNECT_MILLIS_MAX, KEEP_ALIVE_MILLIS, SUBMIT_MESSAGE_BYTES_MAX, WIRE_MESSAGE_BYTES_MAX};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use crate::access::{Present, Secret};
use crate::v1::StatRequest;
use crate::v1::blobs_client::BlobsClient;
use crate::v1::farm_client::FarmClient;
use crate::v1::studio_client::StudioClient;

/// A channel that puts the secret on every call.
pub type Authorised = InterceptedService<Channel, Present>;
/// Batches and jobs: what the studio calls.
pub type Studio = StudioClient<Authorised>;
/// Leases and results: what a worker calls.
pub type Farm = FarmClient<Authorised>;
/// Blobs: what both call.
pub type Blobs = BlobsClient<Authorised>;

/// Why there is no connection to a farm.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The text is no address.
    #[error("`{url}` is no farm address: it looks like http://HOST:PORT")]
    InvalidUrl {
        /// The text.
        url: String,
    },
    /// No such host.
    #[error(
        "no farm found at {url}: the name {host} is not known; is it spelled right, and is this machine on the studio's network?"
    )]
    UnknownHost {
        /// The address.
        url: String,
        /// Its host.
        host: String,
    },
    /// The host is there and nobody listens.
    #[error("no farm answers at {url}: is the coordinator running there, and is the port right?")]
    Refused {
        /// The address.
        url: String,
    },
    /// Nothing came back.
    #[error("no farm answered at {url} within {} s: is the machine on, and does a firewall let this port through?", CONNECT_MILLIS_MAX / 1_000)]
    TimedOut {
        /// The address.
        url: String,
    },
    /// The farm does not take this secret.
    #[error(
        "the farm at {url} refused this secret: give the farm's own with --secret-file (it is DIR/secret of the coordinator)"
    )]
    WrongSecret {
        /// The address.
        url: String,
    },
    /// Something answers that does not speak our protocol.
    #[error("what answers at {url} is no shotfarm coordinator: {reason}")]
    NoFarm {
        /// The address.
        url: String,
        /// What it said.
        reason: String,
    },
    /// Any other failure of the network.
    #[error("could not connect to the farm at {url}")]
    Network {
        /// The address.
        url: String,
        /// The system's own words.
        source: io::Error,
    },
}

/// A connection to a farm. Clones share it; it reconnects by itself when a later call finds it broken.
#[derive(Clone, Debug)]
pub struct Connection {
    channel: Authorised,
}

impl Connection {
    /// Connects to the coordinator at `url` (`http://HOST:PORT`) and checks that it takes `secret`.
    ///
    /// # Errors
    /// Says in one sentence what is wrong: address, host, port, network or secret.
    pub async fn connect(url: &str, secret: &Secret) -> Result<Self, ConnectError> {
        let address = Address::parse(url)?;
        let limit = Duration::from_millis(CONNECT_MILLIS_MAX);
        match tokio::time::timeout(limit, address.connect(secret)).await {
            Ok(connection) => connection,
            Err(_) => Err(ConnectError::TimedOut { url: address.url }),
        }
    }

    /// Whether `url` is one that [`Self::connect`] takes, without connecting.
    ///
    /// # Errors
    /// [`ConnectError::InvalidUrl`].
    pub fn check_url(url: &str) -> Result<(), ConnectError> {
        Address::parse(url).map(drop)
    }

    /// The studio's calls. Manifests and lists of jobs are large, so its messages may be.
    #[must_use]
    pub fn studio(&self) -> Studio {
        StudioClient::new(self.channel.clone())
            .max_encoding_message_size(SUBMIT_MESSAGE_BYTES_MAX)
            .max_decoding_message_size(SUBMIT_MESSAGE_BYTES_MAX)
    }

    /// A worker's calls.
    #[must_use]
    pub fn farm(&self) -> Farm {
        FarmClient::new(self.channel.clone())
            .max_encoding_message_size(WIRE_MESSAGE_BYTES_MAX)
            .max_decoding_message_size(WIRE_MESSAGE_BYTES_MAX)
    }

    /// Calls that move blobs.
    #[must_use]
    pub fn blobs(&self) -> Blobs {
        BlobsClient::new(self.channel.clone())
            .max_encoding_message_size(WIRE_MESSAGE_BYTES_MAX)
            .max_decoding_message_size(WIRE_MESSAGE_BYTES_MAX)
    }
}

/// A farm's address, read.
struct Address {
    url: String,
    host: String,
    port: u16,
    endpoint: Endpoint,
}

impl Address {
    fn parse(url: &str) -> Result<Self, ConnectError> {
        let invalid = || ConnectError::InvalidUrl { url: url.to_owned() };
        let uri: http::Uri = url.trim().parse().map_err(|_| invalid())?;
        let plain = uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/") && uri.query().is_none();
        let (Some(host), Some(port), true) = (uri.host(), uri.port_u16(), plain) else {
            return Err(invalid());
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let alive = Duration::from_millis(KEEP_ALIVE_MILLIS);
        let endpoint = Endpoint::from(uri)
            .connect_timeout(Duration::from_millis(CONNECT_MILLIS_MAX))
            .http2_keep_alive_interval(alive)
            .keep_alive_timeout(alive)
            .keep_alive_while_idle(true)
            .tcp_nodelay(true);
        Ok(Self { url: url.trim().to_owned(), host, port, endpoint })
    }

    async fn connect(&self, secret: &Secret) -> Result<Connection, ConnectError> {
        let url = || self.url.clone();
        // Asked apart, because the transport tells an unknown name from a refusal only in the text of its error.
        if tokio::net::lookup_host((self.host.as_str(), self.port)).await.is_err() {
            return Err(ConnectError::UnknownHost { url: url(), host: self.host.clone() });
        }
        let channel = self.endpoint.connect().await.map_err(|error| self.explain(&error))?;
        let connection = Connection { channel: InterceptedService::new(channel, Present::new(secret)) };
        match connection.blobs().stat(StatRequest { digests: Vec::new() }).await {
            Ok(_) => Ok(connection),
            Err(status) => Err(self.explain_status(&status)),
        }
    }

    /// A failure below HTTP/2.
    fn explain(&self, error: &(dyn Error + 'static)) -> ConnectError {
        let url = self.url.clone();
        let Some(cause) = io_cause(error) else {
            return ConnectError::NoFarm { url, reason: last_words(error) };
        };
        match cause.kind() {
            ErrorKind::ConnectionRefused => ConnectError::Refused { url },
            ErrorKind::TimedOut => ConnectError::TimedOut { url },
            kind => ConnectError::Network { url, source: io::Error::new(kind, cause.to_string()) },
        }
    }

    /// An answer that is none of ours, or a refusal.
    fn explain_status(&self, status: &Status) -> ConnectError {
        let url = self.url.clone();
        match status.code() {
            Code::Unauthenticated | Code::PermissionDenied => ConnectError::WrongSecret { url },
            _ => ConnectError::NoFarm { url, reason: status.message().to_owned() },
        }
    }
}

fn io_cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn last_words(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}

/// `error`, what caused it, and so on.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::from_bytes([7; crate::access::SECRET_BYTES])
    }

    #[test]
    fn addresses_are_http_host_port() {
        for good in ["http://127.0.0.1:7070", " http://farm.local:1/ ", "http://[::1]:7070"] {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "farm", "farm:7070", "https://farm:7070", "http://farm", "http://farm:7070/x", "http://farm:99999"] {
            assert!(matches!(Address::parse(bad), Err(ConnectError::InvalidUrl { .. })), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_refused() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let error = Connection::connect(&url, &secret()).await.unwrap_err();
        assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("no farm answers at {url}: is the coordinator running there, and is the port right?")
        );
    }

    #[tokio::test]
    async fn an_unknown_name_is_named() {
        // `.invalid` never resolves (RFC 2606).
        let error = Connection::connect("http://farm.invalid:7070", &secret()).await.unwrap_err();
        assert!(matches!(&error, ConnectError::UnknownHost { host, .. } if host == "farm.invalid"), "{error:?}");
    }

    #[tokio::test]
    async fn who_speaks_something_else_is_no_farm() {
        use tokio::io::AsyncWriteExt as _;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut peer, _)) = listener.accept().await {
                let _ = peer.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
            }
        });
        let error = Connection::connect(&url, &secret()).await.unwrap_err();
        assert!(matches!(error, ConnectError::NoFarm { .. }), "{error:?}");
    }
}
