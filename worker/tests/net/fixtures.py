"""Makes the fixtures of worker/tests/net: what ONNX Runtime computes, for our reader and CPU twins to be held to.

    python3 -m venv /tmp/fixtures && /tmp/fixtures/bin/pip install onnx onnxruntime numpy ncnn
    SHOTFARM_FAMILIES=/tmp/families cargo nextest run -p shotfarm-worker --test net write_the_families --run-ignored only
    /tmp/fixtures/bin/python worker/tests/net/fixtures.py /tmp/families

`operators.fixtures`: for each operator and combination of attributes, a tiny model, its inputs and outputs.
`families.fixtures`: for each architecture of `net::families` (written by the second line), its outputs; models and inputs are made
again by the test from the same seeds.
`layers.fixtures`: for each ncnn layer, what ncnn computes; a model there is u32 length + param, then bin.

Format, little-endian: "SHOTFIX1", u32 entries; each: text name, u32 length + model, then inputs, then outputs, each a u32 count of:
text name, u8 dimensions, u32 sizes, f32 elements. A text is u16 length + UTF-8.
"""

import pathlib
import struct
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
random = np.random.default_rng(20)
cases = []


def normal(*shape):
    return random.standard_normal(shape).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


def scalar(value):
    return np.array(value, np.float32)


def graph_case(name, nodes, inputs, outputs, constants=(), opset=17, free=True):
    """A model of several nodes; `inputs` and `constants` are dicts of arrays. Input sizes stay free where `free`."""
    constants = dict(constants)
    infos = [
        helper.make_tensor_value_info(key, TensorProto.FLOAT, [None] * array.ndim if free else array.shape)
        for key, array in inputs.items()
    ]
    results = [helper.make_tensor_value_info(key, TensorProto.FLOAT, None) for key in outputs]
    initializers = [numpy_helper.from_array(array, key) for key, array in constants.items()]
    graph = helper.make_graph(nodes, "g", infos, results, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    cases.append((name, model.SerializeToString(), inputs))


def case(name, op, arrays, opset=17, known=(), outputs=1, **attributes):
    """One node. Arrays come as operands a, b, c..; those at the places `known` (and all of whole numbers) are constants, the
    others inputs. None is an operand left out."""
    keys = ["" if array is None else chr(97 + place) for place, array in enumerate(arrays)]
    inputs, constants = {}, {}
    for place, (key, array) in enumerate(zip(keys, arrays)):
        if array is not None:
            constant = place in known or array.dtype != np.float32
            (constants if constant else inputs)[key] = array
    results = [f"y{place}" for place in range(outputs)]
    node = helper.make_node(op, keys, results, name=op.lower(), **attributes)
    graph_case(f"{op} {name}", [node], inputs, results, constants, opset)


def convolutions():
    x = normal(1, 4, 7, 9)
    case("3x3", "Conv", [x, normal(5, 4, 3, 3), normal(5)], known=(1, 2), pads=[1, 1, 1, 1])
    case("without bias", "Conv", [x, normal(5, 4, 3, 3)], known=(1,))
    case("stride 2", "Conv", [x, normal(3, 4, 3, 3)], known=(1,), strides=[2, 2], pads=[1, 1, 1, 1])
    case("uneven", "Conv", [x, normal(3, 4, 2, 3)], known=(1,), strides=[2, 1], pads=[0, 1, 2, 3], dilations=[1, 2])
    case("dilated", "Conv", [x, normal(3, 4, 3, 3)], known=(1,), dilations=[2, 3], pads=[2, 3, 2, 3])
    case("groups", "Conv", [x, normal(6, 2, 3, 3), normal(6)], known=(1, 2), group=2)
    case("depthwise", "Conv", [x, normal(8, 1, 3, 3), normal(8)], known=(1, 2), group=4, pads=[1, 1, 1, 1])
    case("1x1 batch 2", "Conv", [normal(2, 4, 3, 5), normal(6, 4, 1, 1), normal(6)], known=(1, 2))
    for auto in ["SAME_UPPER", "SAME_LOWER", "VALID"]:
        case(auto, "Conv", [x, normal(2, 4, 4, 3)], known=(1,), auto_pad=auto, strides=[2, 2])
    case("2x2 stride 2", "ConvTranspose", [x, normal(4, 3, 2, 2), normal(3)], known=(1, 2), strides=[2, 2])
    case("4x4 stride 2", "ConvTranspose", [x, normal(4, 3, 4, 4)], known=(1,), strides=[2, 2], pads=[1, 1, 1, 1])
    case("pad 3", "ConvTranspose", [x, normal(4, 3, 4, 4)], known=(1,), strides=[2, 2], pads=[3, 3, 3, 3])
    case("output padding", "ConvTranspose", [x, normal(4, 3, 3, 3)], known=(1,), strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
    case("groups", "ConvTranspose", [x, normal(4, 3, 3, 3), normal(6)], known=(1, 2), group=2, strides=[1, 2], dilations=[2, 1])
    case("output shape larger", "ConvTranspose", [x, normal(4, 3, 3, 3)], known=(1,), strides=[2, 2], output_shape=[16, 19])
    case("output shape", "ConvTranspose", [x, normal(4, 3, 3, 3)], known=(1,), strides=[2, 2], output_shape=[14, 18])
    case("SAME_UPPER", "ConvTranspose", [x, normal(4, 3, 3, 3)], known=(1,), strides=[2, 2], auto_pad="SAME_UPPER")
    case("SAME_LOWER", "ConvTranspose", [x, normal(4, 3, 3, 3)], known=(1,), strides=[2, 2], auto_pad="SAME_LOWER")


def pools():
    x = normal(1, 3, 7, 8)
    for op in ["MaxPool", "AveragePool"]:
        case("2x2", op, [x], kernel_shape=[2, 2], strides=[2, 2])
        case("3x2 padded", op, [x], kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1])
        case("ceil", op, [x], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
        case("ceil padded", op, [x], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, pads=[1, 1, 1, 1])
        case("SAME_UPPER", op, [x], kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
    case("dilated", "MaxPool", [x], kernel_shape=[2, 2], dilations=[2, 3])
    case("padding counts", "AveragePool", [x], kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
    case("padding counts ceil", "AveragePool", [x], opset=19, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1, ceil_mode=1)
    case("global", "GlobalAveragePool", [x])
    case("global", "GlobalMaxPool", [x])


def elementwise():
    x = normal(2, 3, 4, 5) * 2
    for op in ["Relu", "Sigmoid", "Tanh", "Exp", "Floor", "Ceil", "Round", "Neg", "Abs", "Erf", "HardSwish", "Softplus", "Softsign",
               "Sin", "Cos", "Sign", "Identity"]:
        case("plain", op, [x])
    case("halves", "Round", [np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], np.float32)])
    case("of positive", "Log", [np.abs(x) + 0.01])
    case("of positive", "Sqrt", [np.abs(x)])
    case("of positive", "Reciprocal", [np.abs(x) + 0.1])
    case("plain", "Mish", [x], opset=18)
    case("plain", "Gelu", [x], opset=20)
    case("tanh", "Gelu", [x], opset=20, approximate="tanh")
    case("default", "LeakyRelu", [x])
    case("0.2", "LeakyRelu", [x], alpha=0.2)
    case("default", "Elu", [x])
    case("0.7", "Elu", [x], alpha=0.7)
    case("default", "HardSigmoid", [x])
    case("1/6", "HardSigmoid", [x], alpha=1 / 6, beta=0.4)
    case("opset 9", "Clip", [x], opset=9, min=-0.5, max=0.75)
    case("opset 9 min", "Clip", [x], opset=9, min=-0.5)
    case("both", "Clip", [x, scalar(-0.5), scalar(0.75)], known=(1, 2))
    case("max only", "Clip", [x, None, scalar(0.75)], known=(2,))
    case("bounds computed", "Clip", [x, scalar(-0.5), scalar(0.75)])
    case("per channel", "PRelu", [x, normal(3, 1, 1)], known=(1,))
    case("one", "PRelu", [x, normal(1)], known=(1,))
    for op in ["Add", "Sub", "Mul", "Div", "Min", "Max"]:
        case("same", op, [x, normal(2, 3, 4, 5) + 3])
        case("channel", op, [x, normal(3, 1, 1) + 3], known=(1,))
        case("both ways", op, [normal(1, 3, 1, 5), normal(2, 1, 4, 1) + 3])
        case("number first", op, [scalar(1.5), np.abs(x) + 1], known=(0,))
    case("real", "Pow", [np.abs(x), scalar(1.7)], known=(1,))
    case("whole exponent", "Pow", [x, np.array(2, np.int64)])
    case("three", "Min", [x, normal(4, 5), normal(3, 1, 1)])
    case("three", "Sum", [x, normal(4, 5), normal(3, 1, 1)])
    case("plain", "Dropout", [x], opset=11)


def arranging():
    x = normal(1, 8, 3, 4)
    for mode in ["DCR", "CRD"]:
        case(mode, "DepthToSpace", [x], blocksize=2, mode=mode)
    case("3", "DepthToSpace", [normal(2, 18, 2, 3)], blocksize=3, mode="CRD")
    case("2", "SpaceToDepth", [normal(2, 3, 4, 6)], blocksize=2)
    for axis in [0, 1, -1]:
        case(f"axis {axis}", "Concat", [x, x * 2], axis=axis)
    case("channels", "Concat", [x, normal(1, 3, 3, 4), normal(1, 1, 3, 4)], axis=1)
    case("opset 9", "Slice", [x], opset=9, starts=[1, 1], ends=[-1, 100], axes=[1, 3])
    case("axes", "Slice", [x, ints(2, 0), ints(6, 3), ints(1, -1)])
    case("steps", "Slice", [x, ints(0, 3), ints(8, -100), ints(1, 3), ints(3, -2)])
    case("all axes", "Slice", [x, ints(0, 1, 0, 1), ints(1, 4, 2, 4)])
    case("equal", "Split", [x], outputs=4, axis=1)
    case("sizes", "Split", [x, ints(1, 5, 2)], outputs=3, axis=1)
    case("opset 11", "Split", [x], opset=11, outputs=2, axis=3, split=[1, 3])
    case("opset 18", "Split", [x], opset=18, outputs=3, axis=1, num_outputs=3)
    for mode in ["constant", "reflect", "edge"]:
        case(mode, "Pad", [x, ints(0, 0, 1, 2, 0, 0, 2, 1)], mode=mode)
    case("wrap", "Pad", [x, ints(0, 0, 1, 2, 0, 0, 2, 1)], mode="wrap", opset=19)
    case("value", "Pad", [x, ints(0, 1, 1, 0, 0, 0, 0, 1), scalar(0.5)], known=(2,))
    case("crop", "Pad", [x, ints(0, 0, -1, -1, 0, -2, 0, -1)])
    case("crop and edge", "Pad", [x, ints(0, 0, -1, 2, 0, 0, 1, -1)], mode="edge")
    case("axes", "Pad", [x, ints(1, 2, 0, 3), scalar(0.0), ints(2, 3)], known=(2,), opset=18)
    case("opset 9", "Pad", [x], opset=9, pads=[0, 0, 1, 1, 0, 0, 1, 1], value=2.0)
    case("reversed", "Transpose", [x])
    case("nhwc", "Transpose", [x], perm=[0, 2, 3, 1])
    case("rest", "Reshape", [x, ints(0, 2, -1, 4)])
    case("2", "Flatten", [x], axis=2)
    case("negative", "Flatten", [x], axis=-1)
    case("axes", "Squeeze", [x, ints(0)])
    case("opset 11", "Squeeze", [x], opset=11, axes=[0])
    case("all", "Squeeze", [x])
    case("axes", "Unsqueeze", [x, ints(0, -1)])
    case("opset 11", "Unsqueeze", [x], opset=11, axes=[2])
    case("rows", "Expand", [normal(1, 3, 1, 4), ints(2, 1, 5, 1)])
    case("channels and rows", "Tile", [x, ints(1, 2, 3, 1)])
    case("one", "Gather", [x, np.array(-1, np.int64)], axis=1)
    case("several", "Gather", [x, ints(2, 0, 2)], axis=1)


def sums():
    x = normal(2, 3, 4, 5)
    for op in ["ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum"]:
        old = 11
        case("rows and columns", op, [x], opset=old, axes=[2, 3])
        case("without dims", op, [x], opset=old, axes=[-3], keepdims=0)
        case("all", op, [x], opset=old)
        case("opset 18", op, [x, ints(1)], opset=18)
    case("nothing", "ReduceMean", [x], opset=18, noop_with_empty_axes=1)
    case("plain", "Gemm", [normal(3, 4), normal(4, 5), normal(5)], known=(1, 2))
    case("all", "Gemm", [normal(4, 3), normal(5, 4), normal(3, 5)], known=(1, 2), transA=1, transB=1, alpha=0.5, beta=2.0)
    case("two inputs", "Gemm", [normal(3, 4), normal(5, 4)], transB=1, alpha=1.5)
    case("matrices", "MatMul", [normal(3, 4), normal(4, 5)])
    case("batches", "MatMul", [normal(2, 1, 3, 4), normal(3, 4, 5)])
    case("vector", "MatMul", [normal(4), normal(2, 4, 5)])
    case("by vector", "MatMul", [normal(2, 3, 4), normal(4)])
    for axis in [1, -1]:
        case(f"axis {axis}", "Softmax", [x * 3], axis=axis)
    case("opset 11", "Softmax", [x * 3], opset=11, axis=2)
    case("opset 11 default", "Softmax", [x * 3], opset=11)
    statistics = [normal(3), normal(3), normal(3), np.abs(normal(3)) + 0.1]
    case("alone", "BatchNormalization", [x, *statistics], known=(1, 2, 3, 4), epsilon=1e-3)
    case("plain", "InstanceNormalization", [x, normal(3), normal(3)], known=(1, 2))


def sampling():
    x = normal(1, 2, 4, 5)
    transforms = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]
    for transform in transforms:
        for mode in ["nearest", "linear", "cubic"]:
            for text, factors in [("up", (2.0, 3.0)), ("odd", (1.5, 0.6))]:
                scales = np.array([1, 1, *factors], np.float32)
                case(f"{mode} {transform} {text}", "Resize", [x, None, scales], known=(2,), opset=13, mode=mode,
                     coordinate_transformation_mode=transform)
    for rounding in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]:
        for transform in ["half_pixel", "asymmetric", "align_corners"]:
            scales = np.array([1, 1, 1.7, 2.5], np.float32)
            case(f"{rounding} {transform}", "Resize", [x, None, scales], known=(2,), opset=13, mode="nearest", nearest_mode=rounding,
                 coordinate_transformation_mode=transform)
    case("sizes", "Resize", [x, None, None, ints(1, 2, 7, 3)], opset=13, mode="linear")
    case("sizes nearest", "Resize", [x, None, None, ints(1, 2, 8, 10)], opset=13, mode="nearest")
    case("sizes of axes", "Resize", [x, None, None, ints(9, 4)], opset=18, mode="cubic", axes=[2, 3])
    case("symmetric", "Resize", [x, None, np.array([1, 1, 1.7, 2.3], np.float32)], known=(2,), opset=19, mode="linear",
         coordinate_transformation_mode="half_pixel_symmetric")
    case("catmull-rom", "Resize", [x, None, np.array([1, 1, 2, 2], np.float32)], known=(2,), opset=13, mode="cubic", cubic_coeff_a=-0.5)
    case("outside excluded", "Resize", [x, None, np.array([1, 1, 2, 0.8], np.float32)], known=(2,), opset=13, mode="cubic", exclude_outside=1)
    case("one column", "Resize", [normal(1, 2, 4, 3), None, np.array([1, 1, 2, 0.4], np.float32)], known=(2,), opset=13, mode="linear",
         coordinate_transformation_mode="pytorch_half_pixel")
    case("opset 10", "Resize", [x, np.array([1, 1, 2, 1.5], np.float32)], known=(1,), opset=10, mode="linear")
    case("opset 10 nearest", "Resize", [x, np.array([1, 1, 2, 1.5], np.float32)], known=(1,), opset=10, mode="nearest")
    case("opset 9", "Upsample", [x, np.array([1, 1, 2, 3], np.float32)], known=(1,), opset=9, mode="nearest")
    case("opset 9 linear", "Upsample", [x, np.array([1, 1, 2, 3], np.float32)], known=(1,), opset=9, mode="linear")
    grid = (random.random((1, 3, 6, 2)) * 3 - 1.5).astype(np.float32)
    for mode in ["bilinear", "nearest", "bicubic"]:
        for padding in ["zeros", "border", "reflection"]:
            for corners in [0, 1]:
                case(f"{mode} {padding} {corners}", "GridSample", [x, grid], opset=16, mode=mode, padding_mode=padding, align_corners=corners)
    case("opset 20 linear", "GridSample", [normal(2, 3, 4, 5), normal(2, 3, 3, 2)], opset=20, mode="linear", padding_mode="border")


def shape_arithmetic():
    node = helper.make_node
    x = normal(1, 4, 6, 10)
    graph_case("halved by shapes", [
        node("Shape", ["x"], ["s"]), node("Gather", ["s", "two"], ["h"]), node("Gather", ["s", "three"], ["w"]),
        node("Div", ["h", "two"], ["h2"]), node("Div", ["w", "two"], ["w2"]),
        node("Unsqueeze", ["h2", "zero"], ["h3"]), node("Unsqueeze", ["w2", "zero"], ["w3"]),
        node("Shape", ["x"], ["s2"]), node("Slice", ["s2", "zero", "twos", "zero"], ["nc"]),
        node("Concat", ["nc", "h3", "w3"], ["size"], axis=0),
        node("Resize", ["x", "", "", "size"], ["y"], mode="linear"),
    ], {"x": x}, ["y"], {"two": np.array(2, np.int64), "three": np.array(3, np.int64), "zero": ints(0), "twos": ints(2)})
    graph_case("padded to a multiple", [
        node("Shape", ["x"], ["s"]), node("Slice", ["s", "i2", "i4", "i0"], ["hw"]), node("Mod", ["hw", "eight"], ["rest"]),
        node("Sub", ["eight", "rest"], ["more"]), node("Mod", ["more", "eight"], ["ends"]),
        node("ConstantOfShape", ["n"], ["begin"], value=numpy_helper.from_array(ints(0))), node("Concat", ["begin", "ends"], ["pads"], axis=0),
        node("Pad", ["x", "pads"], ["y"], mode="edge"),
    ], {"x": x}, ["y"], {"i2": ints(2), "i4": ints(4), "i0": ints(0), "eight": ints(8, 8), "n": ints(6)})
    graph_case("coordinate grid", [
        node("Shape", ["x"], ["s"]), node("Gather", ["s", "three"], ["w"]), node("Range", ["zero", "w", "one"], ["r"]),
        node("Cast", ["r"], ["rf"], to=1), node("Cast", ["w"], ["wf"], to=1), node("Div", ["rf", "wf"], ["u"]),
        node("Reshape", ["u", "row"], ["u4"]), node("Expand", ["u4", "s1"], ["g"]), node("Add", ["x", "g"], ["y"]),
    ], {"x": x}, ["y"], {"three": np.array(3, np.int64), "zero": np.array(0, np.int64), "one": np.array(1, np.int64),
                         "row": ints(1, 1, 1, -1), "s1": ints(1, 1, 6, 1)})
    graph_case("chosen by comparison", [
        node("Shape", ["x"], ["s"]), node("Equal", ["s", "ones"], ["is"]), node("Where", ["is", "fives", "s"], ["t"]),
        node("ReduceProd", ["t"], ["p"], keepdims=0), node("Cast", ["p"], ["pf"], to=1), node("Div", ["x", "pf"], ["y"]),
    ], {"x": x}, ["y"], {"ones": ints(1, 1, 1, 1), "fives": ints(5, 5, 5, 5)})
    graph_case("pixel shuffle written out", [
        node("Reshape", ["x", "six"], ["a"]), node("Transpose", ["a"], ["b"], perm=[0, 1, 4, 2, 5, 3]), node("Reshape", ["b", "four"], ["y"]),
    ], {"x": x}, ["y"], {"six": ints(1, 1, 2, 2, 6, 10), "four": ints(1, 1, 12, 20)}, free=False)
    graph_case("pixel shuffle written out, tensorflow", [
        node("Reshape", ["x", "six"], ["a"]), node("Transpose", ["a"], ["b"], perm=[0, 3, 4, 1, 5, 2]), node("Reshape", ["b", "four"], ["y"]),
    ], {"x": normal(1, 8, 3, 5)}, ["y"], {"six": ints(1, 2, 2, 2, 3, 5), "four": ints(1, 2, 6, 10)}, free=False)


def folded():
    node = helper.make_node
    x = normal(1, 4, 6, 7)
    weights = {"w": normal(6, 4, 3, 3), "b": normal(6), "scale": normal(6), "shift": normal(6), "mean": normal(6),
               "variance": np.abs(normal(6)) + 0.2, "beta": normal(1, 6, 1, 1), "two": scalar(2)}
    conv = node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1])
    norm = node("BatchNormalization", ["c", "scale", "shift", "mean", "variance"], ["n"])
    graph_case("Conv and BatchNormalization", [conv, norm, node("Relu", ["n"], ["y"])], {"x": x}, ["y"], weights)
    graph_case("Conv scaled twice", [conv, node("Mul", ["beta", "c"], ["d"]), node("Sub", ["d", "two"], ["e"]), node("Div", ["e", "two"], ["y"])],
               {"x": x}, ["y"], weights)
    graph_case("Conv scaled and used", [conv, node("Mul", ["c", "beta"], ["d"]), node("Add", ["c", "d"], ["y"])], {"x": x}, ["y"], weights)
    graph_case("Conv scaled and given back", [conv, node("Mul", ["c", "beta"], ["y"])], {"x": x}, ["y", "c"], weights)
    transposed = {"w": normal(4, 3, 2, 2), "beta": normal(6, 1, 1), "b": normal(6)}
    graph_case("ConvTranspose scaled in groups", [node("ConvTranspose", ["x", "w", "b"], ["c"], group=2, strides=[2, 2]), node("Mul", ["c", "beta"], ["y"])],
               {"x": x}, ["y"], transposed)
    graph_case("Pad and Conv", [node("Pad", ["x", "p"], ["z"]), node("Conv", ["z", "w", "b"], ["y"])], {"x": x}, ["y"],
               {"p": ints(0, 0, 1, 2, 0, 0, 2, 0), **weights})
    graph_case("Pad with ones and Conv", [node("Pad", ["x", "p", "one"], ["z"]), node("Conv", ["z", "w", "b"], ["y"])], {"x": x}, ["y"],
               {"p": ints(0, 0, 1, 2, 0, 0, 2, 0), "one": scalar(1), **weights})
    half = numpy_helper.from_array(normal(4, 4, 1, 1).astype(np.float16), "h")
    graph_case("half-precision weights", [node("Constant", [], ["h"], value=half), node("Cast", ["h"], ["w"], to=1), node("Conv", ["x", "w"], ["y"])],
               {"x": x}, ["y"])


def text(value):
    data = value.encode()
    return struct.pack("<H", len(data)) + data


def arrays(named):
    out = struct.pack("<I", len(named))
    for key, array in named:
        out += text(key) + struct.pack("<B", array.ndim) + struct.pack(f"<{array.ndim}I", *array.shape)
        out += array.astype("<f4").tobytes()
    return out


def run(model, inputs):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return list(zip(names, session.run(names, inputs)))


def pack(path, entries):
    path.write_bytes(b"SHOTFIX1" + struct.pack("<I", len(entries)) + b"".join(entries))
    print(f"{path.name}: {len(entries)} entries, {path.stat().st_size} bytes")


def operators():
    for make in [convolutions, pools, elementwise, arranging, sums, sampling, shape_arithmetic, folded]:
        make()
    entries = []
    for name, model, inputs in cases:
        try:
            outputs = run(model, inputs)
        except Exception as error:  # what ONNX Runtime itself cannot run is no measure
            print(f"left out: {name}: {str(error)[:160]}")
            continue
        entries.append(text(name) + struct.pack("<I", len(model)) + model + arrays(list(inputs.items())) + arrays(outputs))
    pack(HERE / "operators.fixtures", entries)


def families(folder):
    entries = []
    for path in sorted(folder.glob("*.onnx")):
        model = onnx.load(path)
        onnx.checker.check_model(model)
        inputs = {}
        for port in model.graph.input:
            raw = (folder / f"{path.stem}.{port.name}.f32").read_bytes()
            rank = int.from_bytes(raw[:4], "little")
            shape = struct.unpack(f"<{rank}I", raw[4:4 + 4 * rank])
            inputs[port.name] = np.frombuffer(raw[4 + 4 * rank:], "<f4").reshape(shape)
        outputs = run(model.SerializeToString(), inputs)
        entries.append(text(path.stem) + struct.pack("<I", 0) + arrays([]) + arrays(outputs))
    pack(HERE / "families.fixtures", entries)


def tagged(array, half=False):
    """Weights behind ncnn's tag: single precision, or half padded to 4 bytes."""
    if half:
        data = array.astype("<f2").tobytes()
        return struct.pack("<I", 0x01306B47) + data + bytes(-len(data) % 4)
    return struct.pack("<I", 0) + raw(array)


def raw(array):
    return array.astype("<f4").tobytes()


def layer_cases():
    """Name, lines of layers from blob `x` (and `z`) to blob `y`, bin, inputs (channels, rows, columns)."""
    x, z = normal(4, 6, 8), normal(4, 6, 8)
    conv = lambda more, outs, ins, taps, half=False, bias=True: (
        f"0={outs} 6={outs * ins * taps} 5={int(bias)} {more}",
        tagged(normal(outs, ins, taps) * 0.3, half) + (raw(normal(outs)) if bias else b""))
    for name, more, outs, taps, half, bias in [
        ("3x3", "1=3 4=1", 5, 9, False, True), ("half precision", "1=3 4=1", 5, 9, True, True), ("odd half precision", "1=1", 1, 1, True, False),
        ("uneven", "1=3 11=2 3=2 13=1 4=1 14=0 15=2 16=1", 5, 6, False, True), ("dilated", "1=3 2=2", 3, 9, False, False),
        ("same upper", "1=3 3=2 4=-233", 3, 9, False, True), ("leaky", "1=3 9=2 -23310=1,1.000000e-01", 3, 9, False, True),
        ("clipped", "1=3 9=3 -23310=2,-0.5,0.5", 3, 9, False, True), ("relu", "1=1 9=1", 3, 1, False, True), ("sigmoid", "1=1 9=4", 3, 1, False, True),
        ("mish", "1=1 9=5", 3, 1, False, True), ("hardswish", "1=1 9=6 -23310=2,0.2,0.5", 3, 1, False, True),
    ]:
        params, data = conv(more, outs, 4, taps, half, bias)
        yield f"Convolution {name}", [f"Convolution c 1 1 x y {params}"], data, {"x": x}
    params, data = conv("1=3 4=1 7=2", 6, 2, 9)
    yield "ConvolutionDepthWise groups", [f"ConvolutionDepthWise c 1 1 x y {params}"], data, {"x": x}
    params, data = conv("1=3 4=1 7=4", 4, 1, 9)
    yield "ConvolutionDepthWise", [f"ConvolutionDepthWise c 1 1 x y {params}"], data, {"x": x}
    for name, more, taps in [("2x2", "1=2 3=2", 4), ("4x4 pad 3", "1=4 3=2 4=3", 16), ("uneven", "1=3 11=2 3=2 13=1 4=1 14=0 18=1 19=0", 6)]:
        params, data = conv(more, 5, 4, taps)
        yield f"Deconvolution {name}", [f"Deconvolution c 1 1 x y {params} 9=2 -23310=1,0.1"], data, {"x": x}
    params, data = conv("1=4 3=2 4=1 7=2", 6, 2, 16)
    yield "DeconvolutionDepthWise", [f"DeconvolutionDepthWise c 1 1 x y {params}"], data, {"x": x}
    squeeze = ["Split s 1 2 x x0 x1", "Pooling p 1 1 x1 p 0=1 4=1", "InnerProduct i 1 1 p i 0=2 1=1 2=8 9=1", "InnerProduct j 1 1 i j 0=4 1=1 2=8 9=4",
               "BinaryOp m 2 1 x0 j y 0=2"]
    yield "squeeze and excitation", squeeze, tagged(normal(8)) + raw(normal(2)) + tagged(normal(8), True) + raw(normal(4)), {"x": x}
    yield "PReLU", ["PReLU r 1 1 x y 0=4"], raw(normal(4)), {"x": x}
    yield "PReLU one", ["PReLU r 1 1 x y 0=1"], raw(normal(1)), {"x": x}
    for kind, params in [("ReLU", ""), ("ReLU", "0=0.2"), ("Sigmoid", ""), ("TanH", ""), ("Swish", ""), ("Mish", ""), ("ELU", "0=0.5"), ("GELU", "0=1"),
                         ("HardSigmoid", "0=0.3 1=0.4"), ("HardSwish", "0=0.3 1=0.4"), ("Clip", "0=-0.5 1=0.7"), ("Softmax", "0=0 1=1"), ("Dropout", "0=0.5")]:
        yield f"{kind} {params}", [f"{kind} k 1 1 x y {params}"], b"", {"x": x}
    for op in [0, 1, 2, 3, 4, 5, 7, 8]:
        yield f"BinaryOp {op}", [f"BinaryOp b 2 1 x z y 0={op}"], b"", {"x": x, "z": np.abs(z) + 0.5}
        yield f"BinaryOp {op} number", [f"BinaryOp b 1 1 x y 0={op} 1=1 2=1.5"], b"", {"x": np.abs(x) + 0.5}
    yield "BinaryOp 6", ["BinaryOp b 1 1 x y 0=6 1=1 2=1.5"], b"", {"x": np.abs(x)}
    for op in [0, 1, 2, 3, 4, 7, 9, 10, 16]:
        yield f"UnaryOp {op}", [f"UnaryOp u 1 1 x y 0={op}"], b"", {"x": x}
    for op in [5, 6, 8, 15]:
        yield f"UnaryOp {op}", [f"UnaryOp u 1 1 x y 0={op}"], b"", {"x": np.abs(x) + 0.1}
    yield "Eltwise factors", ["Eltwise e 2 1 x z y 0=1 -23301=2,1.0,8.0"], b"", {"x": x, "z": z}
    yield "Eltwise product", ["Eltwise e 2 1 x z y 0=0"], b"", {"x": x, "z": z}
    yield "Eltwise maximum", ["Eltwise e 2 1 x z y 0=2"], b"", {"x": x, "z": z}
    yield "Concat", ["Concat c 2 1 x z y 0=0"], b"", {"x": x, "z": z}
    yield "Concat rows", ["Concat c 2 1 x z y 0=1"], b"", {"x": x, "z": z}
    yield "Crop channels", ["Crop c 1 1 x y -23309=1,1 -23310=1,3 -23311=1,0"], b"", {"x": x}
    yield "Crop from the end", ["Crop c 1 1 x y -23309=2,1,2 -23310=2,-1,-2 -23311=2,-2,-1"], b"", {"x": x}
    yield "Crop offsets", ["Crop c 1 1 x y 0=1 1=2 2=1 3=-233 4=3 5=-233 6=2"], b"", {"x": x}
    yield "Slice", ["Slice s 1 3 x a y b -23300=3,1,2,-233 1=0"], b"", {"x": x}
    yield "Slice equal", ["Slice s 1 2 x a y -23300=2,-233,-233 1=1"], b"", {"x": x}
    yield "MemoryData", ["MemoryData m 0 1 m 0=1 1=1 2=4", "BinaryOp b 2 1 x m y 0=2"], raw(normal(4)), {"x": x}
    yield "Scale", ["Scale s 1 1 x y 0=4 1=1"], raw(normal(8)), {"x": x}
    yield "BatchNorm", ["BatchNorm b 1 1 x y 0=4 1=0.001"], raw(normal(8)) + raw(np.abs(normal(4)) + 0.1) + raw(normal(4)), {"x": x}
    for kind in [0, 1, 2]:
        yield f"Padding {kind}", [f"Padding p 1 1 x y 0=1 1=2 2=3 3=0 4={kind} 5=0.5"], b"", {"x": x}
    yield "PixelShuffle", ["PixelShuffle p 1 1 x y 0=2"], b"", {"x": x}
    yield "PixelShuffle 1", ["PixelShuffle p 1 1 x y 0=2 1=1"], b"", {"x": x}
    for kind in [1, 2, 3]:
        for scale in ["2.0", "0.5"]:
            yield f"Interp {kind} {scale}", [f"Interp i 1 1 x y 0={kind} 1={scale} 2={scale}"], b"", {"x": x}
        yield f"Interp {kind} size", [f"Interp i 1 1 x y 0={kind} 3=9 4=5"], b"", {"x": x}
    yield "Interp corners", ["Interp i 1 1 x y 0=2 3=9 4=5 6=1"], b"", {"x": x}
    for kind in [0, 1]:
        yield f"Pooling {kind}", [f"Pooling p 1 1 x y 0={kind} 1=2 2=2 5=1"], b"", {"x": x}
        yield f"Pooling {kind} full", [f"Pooling p 1 1 x y 0={kind} 1=3 2=2 3=1 5=0"], b"", {"x": x}


def layers():
    import ncnn

    entries = []
    for name, lines, data, inputs in layer_cases():
        lines = [f"Input {key} 0 1 {key}" for key in inputs] + lines
        blobs = sum(int(line.split()[3]) for line in lines)
        param = "\n".join(["7767517", f"{len(lines)} {blobs}", *lines, ""])
        net = ncnn.Net()
        net.opt = ncnn.Option()
        for option in ["use_vulkan_compute", "use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage",
                       "use_winograd_convolution", "use_packing_layout"]:
            setattr(net.opt, option, False)
        with tempfile.TemporaryDirectory() as folder:
            paths = [str(pathlib.Path(folder) / part) for part in ["n.param", "n.bin"]]
            pathlib.Path(paths[0]).write_text(param)
            pathlib.Path(paths[1]).write_bytes(data)
            if net.load_param(paths[0]) or net.load_model(paths[1]):
                print(f"left out: {name}")
                continue
            extractor = net.create_extractor()
            for key, array in inputs.items():
                extractor.input(key, ncnn.Mat(np.ascontiguousarray(array)).clone())
            code, result = extractor.extract("y")
            output = np.array(result)
            if code or output.ndim != 3:
                print(f"left out: {name}: {code} {output.shape}")
                continue
        model = struct.pack("<I", len(param)) + param.encode() + data
        named = [(key, array[np.newaxis]) for key, array in inputs.items()]
        entries.append(text(name) + struct.pack("<I", len(model)) + model + arrays(named) + arrays([("y", output[np.newaxis])]))
    pack(HERE / "layers.fixtures", entries)


operators()
layers()
if len(sys.argv) > 1:
    families(pathlib.Path(sys.argv[1]))
