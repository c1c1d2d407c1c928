"""What the recipes share: seeded weights, export, and writing the test folder.

A recipe makes a tiny model with random weights, and `write` turns it into

    tests/e2e/<name>/model.onnx
    tests/e2e/<name>/tolerance.json
    tests/e2e/<name>/test_data_set_<i>/input_<j>.pb, output_<j>.pb

where the outputs are PyTorch's (eager, float32, CPU).
"""

import json
import logging
import shutil
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from transformers import DynamicCache
from transformers.utils.logging import set_verbosity_error

E2E = Path(__file__).resolve().parent.parent
TOLERANCE = {"rtol": 1e-3, "atol": 1e-5}
SIZE_LIMIT = 1_000_000
SEED = 2024

torch.set_num_threads(1)
torch.manual_seed(SEED)
set_verbosity_error()
logging.getLogger("torch.onnx").setLevel(logging.ERROR)
# The exporters warn of what is chosen here, or checked by check_ort.py.
for category in (DeprecationWarning, UserWarning, torch.jit.TracerWarning):
    warnings.filterwarnings("ignore", category=category)


@torch.no_grad()
def with_random_weights(model):
    """Gives every parameter, biases and norms too, a value that matters."""
    generator = torch.Generator().manual_seed(SEED)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() > 1:
            fan_in = parameter[0].numel()
            parameter.copy_(noise / fan_in**0.5)
        elif name.endswith("bias"):
            parameter.copy_(0.1 * noise)
        else:  # the scale of a norm
            parameter.copy_(1 + 0.1 * noise)
    return model.eval()


def tokens(vocabulary, *shape, seed=0):
    generator = torch.Generator().manual_seed(SEED + seed)
    return torch.randint(0, vocabulary, shape, generator=generator)


def noise(*shape, seed=0):
    generator = torch.Generator().manual_seed(SEED + seed)
    return torch.randn(shape, generator=generator)


def padding_mask(lengths, size):
    """[batch, size], 1 for the first lengths[b] positions of row b."""
    return (torch.arange(size) < torch.tensor(lengths)[:, None]).long()


class WithPast(nn.Module):
    """A decoder whose key/value cache is plain tensors in and out.

    forward(*inputs, *past): `inputs` are passed to the model under the names
    `inputs`; `past` is key, value of each layer. Returns logits, then the
    cache's new key, value of each layer.
    """

    def __init__(self, model, inputs, layers):
        super().__init__()
        self.model, self.inputs, self.layers = model, inputs, layers

    def forward(self, *values):
        named = dict(zip(self.inputs, values))
        past = values[len(self.inputs) :]
        cache = DynamicCache()
        for layer in range(self.layers):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        result = self.model(**named, past_key_values=cache, use_cache=True)
        return result.logits, *(t for layer in cache.layers for t in (layer.keys, layer.values))


def past_names(prefix, layers):
    return [f"{prefix}.{layer}.{part}" for layer in range(layers) for part in ("key", "value")]


def padded_tokens(vocabulary, length, lengths, seed):
    """Inputs of a model that reads tokens: one row for each of the lengths."""
    return {
        "input_ids": tokens(vocabulary, len(lengths), length, seed=seed),
        "attention_mask": padding_mask(lengths, length),
    }


def write(name, model, cases, outputs, axes, *, dynamo=False, opset=17, folding=False, tolerance=TOLERANCE):
    """Exports `model` with cases[0] and records what it gives for every case.

    cases: dictionaries of inputs by name, all in the order of `model`'s
    arguments. axes: {input or output name: {axis: symbol}}; a symbol stands
    for the same size wherever it occurs.
    """
    folder = E2E / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    inputs = list(cases[0])
    path = folder / "model.onnx"

    if dynamo:
        shapes = [axes.get(i, {}) for i in inputs]
        if isinstance(model, WithPast):  # one argument: *values
            shapes = [tuple(shapes)]
        how = {"external_data": False, "dynamic_shapes": shapes, "verbose": False}
    else:
        how = {"do_constant_folding": folding, "dynamic_axes": axes}
    torch.onnx.export(
        model,
        tuple(cases[0].values()),
        str(path),
        dynamo=dynamo,
        opset_version=opset,
        input_names=inputs,
        output_names=outputs,
        **how,
    )

    graph = onnx.load(path)
    for node in graph.graph.node:  # paths of this machine, and half of the file
        for entry in list(node.metadata_props):
            if entry.key == "pkg.torch.onnx.stack_trace":
                node.metadata_props.remove(entry)
    onnx.save(graph, path)
    onnx.checker.check_model(graph, full_check=True)
    assert [i.name for i in graph.graph.input] == inputs, [i.name for i in graph.graph.input]
    assert [o.name for o in graph.graph.output] == outputs, [o.name for o in graph.graph.output]
    assert path.stat().st_size < SIZE_LIMIT, path.stat().st_size

    for index, case in enumerate(cases):
        assert list(case) == inputs
        data = folder / f"test_data_set_{index}"
        data.mkdir()
        with torch.no_grad():
            results = model(*(value.clone() for value in case.values()))
        if isinstance(results, torch.Tensor):
            results = (results,)
        assert len(results) == len(outputs)
        write_tensors(data, "input", case)
        write_tensors(data, "output", dict(zip(outputs, results)))

    (folder / "tolerance.json").write_text(json.dumps(tolerance) + "\n")
    operators = sorted({node.op_type for node in graph.graph.node})
    print(f"{name}: {path.stat().st_size} bytes, {len(graph.graph.node)} nodes, {' '.join(operators)}")


def write_tensors(folder, kind, tensors):
    for index, (name, value) in enumerate(tensors.items()):
        array = np.ascontiguousarray(value.numpy())
        proto = numpy_helper.from_array(array, name)
        (folder / f"{kind}_{index}.pb").write_bytes(proto.SerializeToString())
