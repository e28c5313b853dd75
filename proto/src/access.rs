//! Who may speak to the farm: today one secret for everybody, sent as a bearer token with every call.
//!
//! This is the one place for it. Certificates, join tokens and roles will be decided here too.

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

/// Bytes of randomness in a farm secret.
pub const SECRET_BYTES: usize = 32;

/// The farm's secret in its text form. Never printed: its `Debug` hides it.
#[derive(Clone)]
pub struct Secret(String);

/// A text that is no farm secret. Does not repeat the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a farm secret is {} hexadecimal digits in one line; this text is something else", SECRET_BYTES * 2)]
pub struct InvalidSecret;

impl Secret {
    /// The secret made of these random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Reads the text form; white space around it is ignored.
    ///
    /// # Errors
    /// When the text is not the right number of hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let text = text.trim();
        let valid = text.len() == SECRET_BYTES * 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if valid { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidSecret) }
    }

    /// The text form, for its file.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Client side: puts the secret on every call.
#[derive(Clone, Debug)]
pub struct Present(MetadataValue<Ascii>);

impl Present {
    /// Presents `secret`.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        let mut value = MetadataValue::try_from(secret.bearer()).expect("hexadecimal digits are a valid header");
        value.set_sensitive(true);
        Self(value)
    }
}

impl Interceptor for Present {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// Server side: lets through only calls that carry the secret.
#[derive(Clone, Debug)]
pub struct Demand(Secret);

impl Demand {
    /// Demands `secret`.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self(secret)
    }
}

impl Interceptor for Demand {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        let given = request.metadata().get("authorization").map(MetadataValue::as_bytes).unwrap_or_default();
        // Digests are compared, in constant time, so that an answer's delay tells nothing about the secret.
        if blake3::hash(given) == blake3::hash(self.0.bearer().as_bytes()) {
            Ok(request)
        } else {
            Err(Status::unauthenticated(
                "the farm secret is missing or wrong; give the farm's own with --secret-file (it is DIR/secret of the coordinator)",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> Secret {
        Secret::from_bytes([byte; SECRET_BYTES])
    }

    #[test]
    fn only_the_right_secret_is_let_through() {
        let mut door = Demand::new(secret(1));
        let knock = |key: u8| Present::new(&secret(key)).call(Request::new(())).expect("presenting never fails");
        assert!(door.call(knock(1)).is_ok());
        assert!(door.call(knock(2)).is_err());
        assert!(door.call(Request::new(())).is_err());
    }

    #[test]
    fn a_secret_is_read_back_and_never_shown() {
        let text = format!(" {}\n", secret(0xab).expose());
        assert_eq!(Secret::parse(&text).map(|read| read.expose().to_owned()), Ok("ab".repeat(32)));
        assert_eq!(Secret::parse("short").map(|_| ()), Err(InvalidSecret));
        assert!(!format!("{:?} {:?}", secret(0xab), Demand::new(secret(0xab))).contains("abab"));
    }
}
