#!/usr/bin/env python3
"""Compares what `mica optimize`, onnxsim and onnxslim make of the same models: nodes left, and results in ONNX Runtime.

    bench/compare_simplifiers.py [--histogram] [--keep DIR] MODEL...

A MODEL is a file or a folder with a model.onnx. Needs onnx, onnxruntime, onnxsim and onnxslim from PyPI in the Python that runs it,
and a release build of Mica (--mica PATH). Nodes are counted in all subgraphs, after local functions are inlined; nodes that
only give a constant do not count, in anybody's model: they are initializers by another name. Each result runs in ONNX Runtime, without its
own optimisations, on the inputs of test_data_set_* beside the model, or on seeded random ones without them, and must give what the
original gives, within the tolerance.json beside the model. Prints a table in Markdown; exit 1 where Mica has more nodes than
another, or gives other results.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnx.inliner
import onnx.numpy_helper
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = {
    "onnxsim": "import onnx, onnxsim, sys\n"
               "model, _ = onnxsim.simplify(onnx.load(sys.argv[1]))\n"
               "onnx.save(model, sys.argv[2])",
    "onnxslim": "import onnx, onnxslim, sys\n"
                "onnx.save(onnxslim.slim(onnx.load(sys.argv[1])), sys.argv[2])",
}


def simplify(command, timeout):
    """Runs a simplifier in a process of its own; returns why it failed, or nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return f"took over {timeout} s"
    if done.returncode == 0:
        return ""
    return (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1][:100]


def histogram(graph):
    counts = collections.Counter()
    for node in graph.node:
        if node.op_type != "Constant":
            counts[node.op_type] += 1
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                counts += histogram(inner)
    return counts


def operators_of(path):
    model = onnx.load(path, load_external_data=False)
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    return histogram(model.graph)


def random_feeds(inputs):
    random = numpy.random.default_rng(0)
    feeds = {}
    for value in inputs:
        dims = value.type.tensor_type.shape.dim
        shape = [dim.dim_value or (1 if axis == 0 else 4) for axis, dim in enumerate(dims)]
        dtype = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        floating = numpy.issubdtype(dtype, numpy.floating)
        feeds[value.name] = random.standard_normal(shape).astype(dtype) if floating else numpy.ones(shape, dtype)
    return feeds


def read_values(folder, kind, infos):
    values = {}
    for i, info in enumerate(infos):
        path = folder / f"{kind}_{i}.pb"
        if not path.exists():
            break
        if info.type.HasField("sequence_type"):
            sequence = onnx.SequenceProto.FromString(path.read_bytes())
            values[info.name] = onnx.numpy_helper.to_list(sequence)
        elif info.type.HasField("optional_type"):
            values[info.name] = onnx.numpy_helper.to_optional(onnx.OptionalProto.FromString(path.read_bytes()))
        else:
            values[info.name] = onnx.numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes()))
    return values


def new_session(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def references(path):
    """Feeds, and what the original makes of them in ONNX Runtime; none where that does not run the original."""
    graph = onnx.load(path, load_external_data=False).graph
    initializers = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in initializers]
    folders = sorted(path.parent.glob("test_data_set_*"))
    try:
        session = new_session(path)
    except Exception as error:
        print(f"{path}: not compared, the original does not run: {str(error).strip().splitlines()[0][:200]}", file=sys.stderr)
        return
    for folder in folders or [None]:
        feeds = read_values(folder, "input", inputs) if folder else random_feeds(inputs)
        yield feeds, dict(zip((value.name for value in session.get_outputs()), session.run(None, feeds)))


def differs(expected, actual, tolerance):
    if isinstance(expected, list):
        return len(expected) != len(actual) or any(differs(e, a, tolerance) for e, a in zip(expected, actual))
    expected, actual = numpy.asarray(expected), numpy.asarray(actual)
    if expected.shape != actual.shape or expected.dtype != actual.dtype:
        return True
    if not numpy.issubdtype(expected.dtype, numpy.floating):
        return not numpy.array_equal(expected, actual)
    return not numpy.allclose(actual.astype(numpy.float64), expected.astype(numpy.float64), equal_nan=True, **tolerance)


def check(path, cases, tolerance):
    """Says how the results of a model differ from those expected; empty when they do not."""
    try:
        session = new_session(path)
        for feeds, expected in cases:
            names = {value.name for value in session.get_inputs()}
            wrong = [name for name in expected if name not in {value.name for value in session.get_outputs()}]
            if wrong:
                return f"no output {wrong[0]}"
            known = {name: value for name, value in feeds.items() if name in names}
            for name, value in zip(expected, session.run(list(expected), known)):
                if differs(expected[name], value, tolerance):
                    return f"{name} differs"
    except Exception as error:
        return str(error).strip().splitlines()[0][:100]
    return ""


def compare(path, mica, peers, timeout, folder):
    tolerance_file = path.parent / "tolerance.json"
    tolerance = {"rtol": 1e-3, "atol": 1e-5}
    if tolerance_file.exists():
        given = json.loads(tolerance_file.read_text())
        tolerance = {key: max(value, given.get(key, 0)) for key, value in tolerance.items()}
    cases = list(references(path))
    commands = {name: [sys.executable, "-c", PEERS[name]] for name in peers}
    commands["mica"] = [mica, "optimize", "--quiet"]
    row = {"before": operators_of(path), **{name: None for name in PEERS}}
    for name, command in commands.items():
        output = folder / f"{name}.onnx"
        arguments = [str(path), "-o", str(output)] if name == "mica" else [str(path), str(output)]
        why = simplify(command + arguments, timeout)
        row[name] = None if why else operators_of(output)
        row[f"{name}_wrong"] = why or (cases and check(output, cases, tolerance))
    return row


def cell(row, name):
    if row[name] is None:
        return "fails" if f"{name}_wrong" in row else ""
    return f"{row[name].total()}" + (" (wrong)" if row[f"{name}_wrong"] else "")


def print_histogram(row):
    names = sorted(set().union(*(row[name] or {} for name in ("before", "onnxsim", "onnxslim", "mica"))))
    for operator in names:
        counts = [(row[name] or {}).get(operator, 0) for name in ("before", "onnxsim", "onnxslim", "mica")]
        if counts[3] > min(counts[1:3]):
            print(f"    {operator:<28}" + "".join(f"{count:>7}" for count in counts), file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--mica", default=f"{ROOT}/build/release/mica")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS), help="whom to compare with")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for each simplifier and model")
    parser.add_argument("--keep", help="leave what was made in this folder")
    parser.add_argument("--histogram", action="store_true", help="also the operators of which Mica leaves more (stderr)")
    arguments = parser.parse_args()
    failed = False
    print("| model | nodes | onnxsim | onnxslim | Mica |\n|---|---:|---:|---:|---:|")
    for given in arguments.models:
        path = pathlib.Path(given)
        path = path / "model.onnx" if path.is_dir() else path
        name = path.parent.name if path.name == "model.onnx" else path.stem
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(arguments.keep) / name if arguments.keep else pathlib.Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            try:
                row = compare(path, arguments.mica, arguments.peers, arguments.timeout, folder)
            except Exception as error:
                print(f"{name}: {str(error).strip().splitlines()[0]}", file=sys.stderr)
                continue
        # A peer whose result does not run or differs sets no mark.
        marks = [row[peer].total() for peer in PEERS if row[peer] is not None and not row[f"{peer}_wrong"]]
        bad = row["mica"] is None or row["mica_wrong"] or any(row["mica"].total() > mark for mark in marks)
        print(f"| {name} | {row['before'].total()} | {cell(row, 'onnxsim')} | {cell(row, 'onnxslim')} | {cell(row, 'mica')} |",
              flush=True)
        if bad:
            failed = True
            print(f"{name}: {row['mica_wrong'] or 'more nodes'}", file=sys.stderr, flush=True)
            if arguments.histogram:
                print_histogram(row)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
