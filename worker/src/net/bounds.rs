//! Every bound on a network, with its reason. Files come from anywhere; none of them may cost more than these.

/// Largest network file read. The largest that the farm is meant for (frame interpolation, restoration) are under 200 MiB.
pub const NETWORK_BYTES_MAX: usize = 1 << 30;
/// Most nodes of one network. The largest seen (an unrolled interpolation network) has about 3,000.
pub const NODES_MAX: usize = 50_000;
/// Most operands or results of one node. Concatenations of dense blocks have tens.
pub const OPERANDS_MAX: usize = 1_024;
/// Most values of one network, and most operands of all its nodes together: twenty for each node.
pub const VALUES_MAX: usize = 20 * NODES_MAX;
/// Most whole numbers in one list of an attribute or constant that are not raw bytes: one byte of a file may become eight.
pub const LIST_MAX: usize = 1 << 24;
/// Most inputs, and most outputs, of one network.
pub const PORTS_MAX: usize = 64;
/// Most dimensions of one value: a pixel shuffle written out has six.
pub const RANK_MAX: usize = 8;
/// Longest name kept, in bytes; exporters write paths of modules.
pub const NAME_BYTES_MAX: usize = 1_024;
/// Most elements of all constants of one network together: what fits into [`NETWORK_BYTES_MAX`] in half precision.
pub const CONSTANT_ELEMENTS_MAX: usize = 1 << 29;
/// Most elements of one value. 8K with 256 channels; also keeps every product of sizes far from overflow.
pub const VALUE_ELEMENTS_MAX: usize = 1 << 34;
/// Largest size, stride, dilation, kernel side or padding in an attribute.
pub const ATTRIBUTE_MAX: i64 = 1 << 16;
/// Most operators after lowering: splits and tiles become several.
pub const LOWERED_NODES_MAX: usize = 4 * NODES_MAX;
/// Most elements of one value computed beforehand. A coordinate grid of an 8K picture has 2^26.
pub const FOLDED_ELEMENTS_MAX: usize = 1 << 27;
/// Most multiply-adds spent on computing values beforehand: seconds, and some thousand times what real networks take.
pub const FOLDING_WORK_MAX: u64 = 1 << 31;
