"""What the recipes share: a graph that is built node by node, as PyTorch's TorchScript exporter writes it without constant
folding, and the parts of networks in pieces of that exporter.

Weights are seeded by the model's name: the same on every machine, up to roundings of the platform's logarithm.
"""
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


class Graph:
    def __init__(self, name, opset=17):
        self.name, self.opset = name, opset
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self.nodes, self.weights, self.inputs, self.outputs = [], [], [], []

    def input(self, name, dtype, dims):
        self.inputs.append(helper.make_tensor_value_info(name, dtype, dims))
        return name

    def output(self, name, value, dtype, dims):
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, dtype, dims))

    def node(self, op, *inputs, outputs=1, **attributes):
        names = [f"/{op}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, f"/{op}_{len(self.nodes)}", **attributes))
        return names[0] if outputs == 1 else names

    def const(self, value, dtype=np.float32):
        """A Constant node; for numbers and lists in the exporter's code."""
        return self.node("Constant", value=numpy_helper.from_array(np.asarray(value, dtype)))

    def ints(self, *values):
        return self.const(values, np.int64)

    def weight(self, name, *shape, std=None, mean=0.0):
        """Normal numbers; deviating by 1 / sqrt(fan in) unless told."""
        if std is None:
            std = float(np.prod(shape[1:])) ** -0.5
        values = self.random.standard_normal(shape, np.float32) * np.float32(std) + np.float32(mean)
        return self.tensor(name, values)

    def tensor(self, name, values):
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def size(self, x, axis):
        """A scalar: one dim of x."""
        return self.node("Gather", self.node("Shape", x), self.const(axis, np.int64), axis=0)

    def shape(self, *dims):
        """A list of dims, given as numbers or as names of scalars."""
        parts = [self.ints(d) if isinstance(d, int) else self.node("Unsqueeze", d, self.ints(0)) for d in dims]
        return self.node("Concat", *parts, axis=0)

    def reshape(self, x, *dims):
        return self.node("Reshape", x, self.shape(*dims))

    def slice(self, x, axis, start, end):
        """Bounds are numbers or names of scalars."""
        return self.node("Slice", x, self.shape(start), self.shape(end), self.ints(axis))

    def add(self, a, b):
        return self.node("Add", a, b)

    def mul(self, a, b):
        return self.node("Mul", a, b)

    def model(self):
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8,
                                  producer_name="mica recipes")
        onnx.checker.check_model(model)
        return model


def linear(g, x, name, inside, outside, bias=True):
    """nn.Linear on more than two dims: MatMul, and Add with the bias in front."""
    y = g.node("MatMul", x, g.weight(f"{name}.weight", inside, outside, std=inside ** -0.5))
    return g.add(g.weight(f"{name}.bias", outside, std=0.02), y) if bias else y


def layer_norm(g, x, name, width, epsilon=1e-5):
    """One operator from opset 17 on, arithmetic before."""
    scale = g.weight(f"{name}.weight", width, std=0.02, mean=1)
    bias = g.weight(f"{name}.bias", width, std=0.02)
    if g.opset >= 17:
        return g.node("LayerNormalization", x, scale, bias, axis=-1, epsilon=epsilon)
    centred = g.node("Sub", x, g.node("ReduceMean", x, axes=[-1]))
    variance = g.node("ReduceMean", g.node("Pow", centred, g.const(2.0)), axes=[-1])
    deviation = g.node("Sqrt", g.add(variance, g.const(epsilon)))
    return g.add(g.mul(g.node("Div", centred, deviation), scale), bias)


def gelu(g, x):
    erf = g.node("Erf", g.node("Div", x, g.const(2 ** 0.5)))
    return g.mul(g.mul(x, g.add(erf, g.const(1.0))), g.const(0.5))


def gelu_tanh(g, x):
    """transformers' NewGELUActivation."""
    cube = g.node("Pow", x, g.const(3.0))
    inner = g.mul(g.add(x, g.mul(cube, g.const(0.044715))), g.const((2 / np.pi) ** 0.5))
    return g.mul(g.mul(x, g.const(0.5)), g.add(g.node("Tanh", inner), g.const(1.0)))


def split_heads(g, x, heads, width):
    """[batch, length, heads * width] to [batch, heads, length, width]."""
    return g.node("Transpose", g.reshape(x, g.size(x, 0), g.size(x, 1), heads, width), perm=[0, 2, 1, 3])


def join_heads(g, x, heads, width):
    x = g.node("Transpose", x, perm=[0, 2, 1, 3])
    return g.reshape(x, g.size(x, 0), g.size(x, 1), heads * width)


def eager_attention(g, q, k, v, width, mask=None):
    """softmax(Q K' / sqrt(width) + mask) V as transformers' eager attention has it."""
    scores = g.node("Div", g.node("MatMul", q, g.node("Transpose", k, perm=[0, 1, 3, 2])), g.const(width ** 0.5))
    if mask is not None:
        scores = g.add(scores, mask)
    return g.node("MatMul", g.node("Softmax", scores, axis=-1), v)


def sdpa_attention(g, q, k, v, mask=None):
    """The same as the exporter takes scaled_dot_product_attention to pieces."""
    last = g.node("Slice", g.node("Shape", q), g.ints(-1), g.ints(2 ** 63 - 1))
    root = g.node("Sqrt", g.node("Cast", last, to=FLOAT))
    scale = g.node("Sqrt", g.node("Div", g.const([1.0]), root))
    keys = g.mul(g.node("Transpose", k, perm=[0, 1, 3, 2]), scale)
    scores = g.node("MatMul", g.mul(q, scale), keys)
    if mask is not None:
        scores = g.add(scores, mask)
    return g.node("MatMul", g.node("Softmax", scores, axis=-1), v)


def causal_mask(g, length, total):
    """[1, 1, length, total]: 0 where row i of the last `length` may look, else the least float. Both are scalars."""
    rows = g.node("Range", g.node("Sub", total, length), total, g.const(1, np.int64))
    columns = g.node("Range", g.const(0, np.int64), total, g.const(1, np.int64))
    hidden = g.node("Greater", g.node("Unsqueeze", columns, g.ints(0)), g.node("Unsqueeze", rows, g.ints(1)))
    mask = g.node("Where", hidden, g.const(np.finfo(np.float32).min), g.const(0.0))
    return g.node("Unsqueeze", mask, g.ints(0, 1))


def padding_mask(g, attention_mask):
    """[batch, 1, 1, total]: 0 where attention_mask is 1, else the least float."""
    mask = g.node("Cast", g.node("Unsqueeze", attention_mask, g.ints(1, 2)), to=FLOAT)
    return g.mul(g.node("Sub", g.const(1.0), mask), g.const(np.finfo(np.float32).min))
