//! Why a network cannot be read or run, in sentences for the person who brought it.

/// Why a network is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No known format.
    #[error(
        "this is neither an ONNX file nor an ncnn param file with its bin; give a .onnx file, or a .param file together with its \
         .bin"
    )]
    UnknownFormat,
    /// The bytes do not hold together.
    #[error("the network file is damaged: {0}; export or download it again")]
    Damaged(String),
    /// Something is larger than any network that makes sense here.
    #[error("the network has {count} {what}, and at most {limit} are taken")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        count: u64,
        /// What is taken.
        limit: u64,
    },
    /// The file leans on something outside of itself or on a version that is not understood.
    #[error("{0}")]
    Unsupported(String),
    /// An operator that is not understood at all.
    #[error("node `{node}`: the operator {operator} cannot be run here; these can: {}", supported.join(", "))]
    Operator {
        /// Which node.
        node: String,
        /// Which operator.
        operator: String,
        /// What can be run.
        supported: &'static [&'static str],
    },
    /// A node that cannot be run as it is.
    #[error("node `{node}` ({operator}): {why}")]
    Node {
        /// Which node.
        node: String,
        /// Its operator.
        operator: String,
        /// What is wrong with it.
        why: String,
    },
    /// The network was not fed what it takes.
    #[error("input `{input}`: {why}")]
    Input {
        /// Which input.
        input: String,
        /// What is wrong.
        why: String,
    },
}
