//! Hostile files: cut off, altered, absurd. Each is refused, or read and then run within bounds; none may panic or take more time
//! and memory than its size is worth.

use std::sync::LazyLock;

use proptest::prelude::*;
use shotfarm_worker::net::families::{Example, examples};
use shotfarm_worker::net::{Network, Refusal};

static EXAMPLES: LazyLock<Vec<Example>> = LazyLock::new(examples);

/// Protobuf, written by hand so that nonsense can be written too.
mod wire {
    pub(super) fn varint(mut number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }

    pub(super) fn int(field: u64, number: u64) -> Vec<u8> {
        [varint(field << 3), varint(number)].concat()
    }

    pub(super) fn bytes(field: u64, data: &[u8]) -> Vec<u8> {
        [varint(field << 3 | 2), varint(data.len() as u64), data.to_vec()].concat()
    }

    pub(super) fn node(operator: &str, inputs: &[&str], output: &str, more: &[u8]) -> Vec<u8> {
        let inputs = inputs.iter().flat_map(|input| bytes(1, input.as_bytes())).collect();
        bytes(1, &[inputs, bytes(2, output.as_bytes()), bytes(4, operator.as_bytes()), more.to_vec()].concat())
    }

    pub(super) fn ints(name: &str, numbers: &[i64]) -> Vec<u8> {
        let numbers = numbers.iter().flat_map(|number| int(8, number.cast_unsigned())).collect();
        bytes(5, &[bytes(1, name.as_bytes()), numbers].concat())
    }

    /// A constant of kind 1 (f32) or 7 (i64) with its bytes.
    pub(super) fn constant(name: &str, kind: u64, dims: &[i64], raw: &[u8]) -> Vec<u8> {
        let dims = dims.iter().flat_map(|size| int(1, size.cast_unsigned())).collect();
        bytes(5, &[dims, int(2, kind), bytes(8, name.as_bytes()), bytes(9, raw)].concat())
    }

    pub(super) fn list(name: &str, numbers: &[i64]) -> Vec<u8> {
        let raw: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        constant(name, 7, &[numbers.len() as i64], &raw)
    }

    fn port(field: u64, name: &str) -> Vec<u8> {
        bytes(field, &[bytes(1, name.as_bytes()), bytes(2, &bytes(1, &int(1, 1)))].concat())
    }

    /// A model with input `x`, output `y` and these parts.
    pub(super) fn model(parts: &[Vec<u8>]) -> Vec<u8> {
        let graph = [parts.concat(), port(11, "x"), port(12, "y")].concat();
        [int(1, 8), bytes(7, &graph), bytes(8, &int(2, 17))].concat()
    }
}

/// Reads, and where that goes, shapes.
fn tried(file: &[u8], shape: &[usize]) -> Result<(), Refusal> {
    let network = Network::read(file, None)?;
    let sizes: Vec<_> = network.inputs.iter().map(|input| (input.name.as_str(), shape)).collect();
    network.at(&sizes).map(|_| ())
}

fn small() -> Example {
    examples().into_iter().find(|example| example.name == "srvgg x2").expect("it is there")
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let file = small().file;
    // Every byte of the small parts, and steps through the weights.
    for end in (0..file.len()).filter(|end| *end < 600 || end % 37 == 0 || end + 300 > file.len()) {
        assert!(Network::read(&file[..end], None).is_err(), "cut at {end} of {}", file.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn altered_files_never_panic(which in 0_usize..7, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let example = &EXAMPLES[which];
        let mut file = example.file.clone();
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        let sizes: Vec<_> = example.inputs.iter().map(|(name, shape)| (*name, shape.as_slice())).collect();
        if let Ok(network) = Network::read(&file, None) {
            let _ = network.at(&sizes);
            let _ = network.facts();
        }
    }

    #[test]
    fn noise_never_panics(file in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Network::read(&file, None);
        let param = [b"7767517\n".as_slice(), &file].concat();
        let _ = Network::read(&param, Some(&file));
    }

    #[test]
    fn absurd_attributes_and_lists_never_panic(
        operator in prop::sample::select(shotfarm_worker::net::onnx::SUPPORTED),
        numbers in prop::collection::vec(number(), 0..9),
        others in prop::collection::vec(number(), 0..5),
        operands in prop::collection::vec(prop::sample::select(vec!["x", "e", "f", "w", "a", "b", "s", ""]), 0..5),
        attributes in prop::collection::vec((prop::sample::select(vec!["pads", "strides", "dilations", "kernel_shape", "perm", "axes", "output_shape", "output_padding"]), any::<bool>()), 0..4),
        single in (prop::sample::select(vec!["axis", "blocksize", "group", "keepdims", "ceil_mode", "transA", "start", "end", "to"]), number()),
    ) {
        let lists = attributes.iter().flat_map(|(name, which)| wire::ints(name, if *which { &numbers } else { &others }));
        let single = wire::bytes(5, &[wire::bytes(1, single.0.as_bytes()), wire::int(3, single.1.cast_unsigned())].concat());
        let attributes: Vec<u8> = lists.chain(single).collect();
        let file = wire::model(&[
            wire::list("a", &numbers),
            wire::list("b", &others),
            wire::constant("s", 1, &[], &[0, 0, 0, 64]),
            wire::constant("e", 1, &[1, 0, 2, 3], &[]),
            wire::constant("f", 1, &[1, 3, 2, 2], &[0; 48]),
            wire::constant("w", 1, &[2, 3, 1, 1], &[0; 24]),
            wire::node(operator, &operands, "y", &attributes),
        ]);
        let _ = tried(&file, &[1, 3, 8, 8]);
    }
}

/// Small numbers, and those at which arithmetic overflows.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![4 => -3_i64..9, 1 => Just(i64::MAX), 1 => Just(i64::MIN), 1 => any::<i64>()]
}

#[test]
fn nodes_in_a_circle_are_refused() {
    let file = wire::model(&[
        wire::node("Add", &["x", "b"], "a", &[]),
        wire::node("Add", &["x", "a"], "b", &[]),
        wire::node("Relu", &["b"], "y", &[]),
    ]);
    let refusal = tried(&file, &[1, 3, 8, 8]).unwrap_err().to_string();
    assert!(refusal.contains("running order") && refusal.contains("`b`"), "{refusal}");
}

#[test]
fn one_name_for_two_values_is_refused() {
    let file = wire::model(&[wire::node("Relu", &["x"], "y", &[]), wire::node("Neg", &["x"], "y", &[])]);
    assert!(tried(&file, &[1]).unwrap_err().to_string().contains("`y`"));
}

#[test]
fn a_million_nodes_are_refused_before_they_are_kept() {
    let node = wire::node("Relu", &["x"], "y", &[]);
    let file = wire::model(&vec![node; 1_000_000]);
    assert!(matches!(Network::read(&file, None), Err(Refusal::TooMuch { what: "nodes", .. })));
}

#[test]
fn a_constant_that_is_only_declared_is_refused_without_memory_for_it() {
    for dims in [vec![1 << 20, 1 << 20], vec![i64::MAX, i64::MAX, 3], vec![-4], vec![1; 4_000]] {
        let file = wire::model(&[wire::constant("c", 1, &dims, &[0; 16]), wire::node("Add", &["x", "c"], "y", &[])]);
        assert!(Network::read(&file, None).is_err(), "{:?}", &dims[..dims.len().min(4)]);
    }
}

#[test]
fn values_made_huge_out_of_nothing_are_refused() {
    let huge: &[(&str, &[&str], &[i64])] = &[
        ("ConstantOfShape", &["a"], &[1 << 40]),
        ("Expand", &["c", "a"], &[1 << 14, 1 << 14]),
        ("Expand", &["x", "a"], &[1 << 40, 1, 1, 1]),
        ("Resize", &["x", "", "", "a"], &[1, 3, 1 << 40, 1 << 40]),
        ("Resize", &["x", "", "", "a"], &[1, 3, i64::MAX, 2]),
        ("Tile", &["x", "a"], &[1, 1, 1 << 40, 1]),
        ("Pad", &["x", "a"], &[0, 0, i64::MAX, 0, 0, 0, i64::MAX, 0]),
    ];
    for (operator, operands, list) in huge {
        let file = wire::model(&[
            wire::list("a", list),
            wire::constant("c", 1, &[1], &[0; 4]),
            wire::node(operator, operands, "z", &[]),
            wire::node("Add", &["x", "z"], "y", &[]),
        ]);
        let refusal = tried(&file, &[1, 3, 8, 8]).expect_err(operator).to_string();
        assert!(refusal.contains(operator) || refusal.contains("Add"), "{refusal}");
    }
}

#[test]
fn a_tower_of_doublings_is_refused_in_time() {
    // Each node doubles a known value: 2^60 elements if anybody let it.
    let mut parts = vec![wire::constant("v0", 1, &[1], &[0; 4])];
    for level in 0..60 {
        let (from, to) = (format!("v{level}"), format!("v{}", level + 1));
        parts.push(wire::bytes(
            1,
            &[
                wire::bytes(1, from.as_bytes()),
                wire::bytes(1, from.as_bytes()),
                wire::bytes(2, to.as_bytes()),
                wire::bytes(4, b"Concat"),
                wire::bytes(5, &[wire::bytes(1, b"axis"), wire::int(3, 0)].concat()),
            ]
            .concat(),
        ));
    }
    parts.push(wire::node("Add", &["x", "v60"], "y", &[]));
    let refusal = tried(&wire::model(&parts), &[1, 3, 8, 8]).unwrap_err().to_string();
    assert!(refusal.contains("beforehand"), "{refusal}");
}

#[test]
fn arithmetic_on_shapes_that_overflows_is_refused() {
    let file = wire::model(&[
        wire::list("a", &[i64::MAX]),
        wire::node("Mul", &["a", "a"], "b", &[]),
        wire::node("Expand", &["x", "b"], "y", &[]),
    ]);
    let refusal = tried(&file, &[1, 3, 8, 8]).unwrap_err().to_string();
    assert!(refusal.contains("Mul"), "{refusal}");
    let file = wire::model(&[
        wire::list("a", &[1]),
        wire::list("zero", &[0]),
        wire::node("Div", &["a", "zero"], "b", &[]),
        wire::node("Expand", &["x", "b"], "y", &[]),
    ]);
    assert!(tried(&file, &[1, 3, 8, 8]).is_err());
}

#[test]
fn messages_within_messages_cannot_exhaust_the_stack() {
    // A graph in an attribute in a node in a graph ..: never followed.
    let mut graph = Vec::new();
    for _ in 0..20_000 {
        let attribute = wire::bytes(5, &[wire::bytes(1, b"body"), wire::bytes(6, &graph)].concat());
        graph = wire::bytes(1, &[wire::bytes(4, b"Loop"), wire::bytes(2, b"y"), attribute].concat());
        if graph.len() > 1 << 20 {
            break;
        }
    }
    let refusal = Network::read(&wire::model(&[graph]), None).unwrap_err();
    assert!(matches!(refusal, Refusal::Operator { .. }), "{refusal}");
}

#[test]
fn what_cannot_be_run_is_refused_by_name() {
    let file = wire::model(&[wire::node("Einsum", &["x"], "y", &wire::bytes(3, b"mixer"))]);
    let refusal = tried(&file, &[1]).unwrap_err().to_string();
    assert!(refusal.contains("`mixer`") && refusal.contains("Einsum") && refusal.contains("Conv"), "{refusal}");
    let file = wire::model(&[wire::node("Gelu", &["x"], "y", &wire::bytes(7, b"com.microsoft"))]);
    assert!(tried(&file, &[1]).unwrap_err().to_string().contains("com.microsoft.Gelu"));
    let external = wire::bytes(5, &[wire::int(1, 4), wire::int(2, 1), wire::bytes(8, b"w"), wire::int(14, 1)].concat());
    let refusal = Network::read(&wire::model(&[external]), None).unwrap_err().to_string();
    assert!(refusal.contains("another file"), "{refusal}");
}

#[test]
fn other_files_are_told_apart() {
    assert_eq!(Network::read(b"", None), Err(Refusal::UnknownFormat));
    assert!(Network::read(b"PK\x03\x04 a zip, as PyTorch writes", None).is_err());
    assert!(Network::read(b"7767517\n1 1\nInput data 0 1 data\n", None).unwrap_err().to_string().contains(".bin"));
}
