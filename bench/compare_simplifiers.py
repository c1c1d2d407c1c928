#!/usr/bin/env python3
"""Compares what `mica optimize`, onnxsim and onnxslim make of the same models: nodes left, and results in ONNX Runtime.

    bench/compare_simplifiers.py [--histogram] [--keep DIR] [--failures] MODEL...

A MODEL is a file, a folder with a model.onnx, or a folder with such folders in it. Needs onnx, onnxruntime, onnxsim and onnxslim from PyPI in
the Python that runs it, and a release build of Mica (--mica PATH). Nodes are counted in all subgraphs, after local functions are
inlined; nodes that only give a constant do not count, in anybody's model: they are initializers by another name. Each result runs in
ONNX Runtime, without its own optimisations, on the inputs of test_data_set_* beside the model, or on seeded random ones without them,
and must give what the original gives, within the tolerance.json beside the model. Where the original loads but does not run, the result
must load; where it passes onnx.checker with strict inference of shapes, so must Mica's. Prints a table in Markdown, with --failures only of what is wrong, and
how many models there were; exit 1 where Mica fails, has more nodes than another, or gives other results.
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
import onnx.checker
import onnx.inliner
import onnx.numpy_helper
import onnxruntime

from simplifier_peers import PEERS, Peer

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run_mica(command, given, output, timeout):
    """Returns why it failed, or nothing."""
    try:
        done = subprocess.run([*command, str(given), "-o", str(output)], capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return f"took over {timeout} s"
    if done.returncode == 0:
        return ""
    return (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1][:200]


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


def same_twice(run):
    first, second = run(), run()
    return first if not any(differs(a, b, {"rtol": 0, "atol": 0}) for a, b in zip(first, second)) else None


class Original:
    """What ONNX Runtime and onnx.checker say of a model."""

    def __init__(self, path):
        self.passes_check = not problem_of(path)
        self.loads = False
        self.cases = []  # feeds, and what the model makes of them
        self.why = ""
        graph = onnx.load(path, load_external_data=False).graph
        initializers = {tensor.name for tensor in graph.initializer}
        inputs = [value for value in graph.input if value.name not in initializers]
        folders = sorted(path.parent.glob("test_data_set_*"))
        try:
            session = new_session(path)
            self.loads = True
            names = [value.name for value in session.get_outputs()]
            for folder in folders or [None]:
                feeds = read_values(folder, "input", inputs) if folder else random_feeds(inputs)
                results = same_twice(lambda: session.run(None, feeds))
                if results is not None:  # else it is random
                    self.cases.append((feeds, dict(zip(names, results))))
        except Exception as error:
            self.why = first_line(error)


def first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def problem_of(path):
    """What onnx.checker objects to; nothing when it passes."""
    try:
        onnx.checker.check_model(str(path), full_check=True)
        return ""
    except Exception as error:
        return f"onnx.checker: {first_line(error)}"


def differs(expected, actual, tolerance):
    if isinstance(expected, list):
        return len(expected) != len(actual) or any(differs(e, a, tolerance) for e, a in zip(expected, actual))
    expected, actual = numpy.asarray(expected), numpy.asarray(actual)
    if expected.shape != actual.shape or expected.dtype != actual.dtype:
        return True
    if not numpy.issubdtype(expected.dtype, numpy.floating):
        return not numpy.array_equal(expected, actual)
    return not numpy.allclose(actual.astype(numpy.float64), expected.astype(numpy.float64), equal_nan=True, **tolerance)


def check(path, original, tolerance):
    """Says how the results of a model differ from those expected; empty when they do not."""
    if not original.loads:
        return ""
    try:
        session = new_session(path)
        for feeds, expected in original.cases:
            names = {value.name for value in session.get_inputs()}
            wrong = [name for name in expected if name not in {value.name for value in session.get_outputs()}]
            if wrong:
                return f"no output {wrong[0]}"
            known = {name: value for name, value in feeds.items() if name in names}
            for name, value in zip(expected, session.run(list(expected), known)):
                if differs(expected[name], value, tolerance):
                    return f"{name} differs"
    except Exception as error:
        return first_line(error)
    return ""


def compare(path, simplifiers, folder):
    tolerance_file = path.parent / "tolerance.json"
    tolerance = {"rtol": 1e-3, "atol": 1e-5}
    if tolerance_file.exists():
        given = json.loads(tolerance_file.read_text())
        tolerance = {key: max(value, given.get(key, 0)) for key, value in tolerance.items()}
    original = Original(path)
    row = {"before": operators_of(path), "why": original.why, **{name: None for name in PEERS}}
    for name, simplify in simplifiers.items():
        output = folder / f"{name}.onnx"
        why = simplify(path, output)
        row[name] = None if why else operators_of(output)
        row[f"{name}_wrong"] = why or check(output, original, tolerance)
    if row["mica"] and original.passes_check:
        row["mica_wrong"] = row["mica_wrong"] or problem_of(folder / "mica.onnx")
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


def models_of(given):
    path = pathlib.Path(given)
    if not path.is_dir():
        return [path]
    return [path / "model.onnx"] if (path / "model.onnx").exists() else sorted(path.rglob("model.onnx"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--mica", default=f"{ROOT}/build/release/mica")
    parser.add_argument("--target", default="portable", choices=["portable", "mica"])
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS), help="whom to compare with")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for each simplifier and model")
    parser.add_argument("--keep", help="leave what was made in this folder")
    parser.add_argument("--histogram", action="store_true", help="also the operators of which Mica leaves more (stderr)")
    parser.add_argument("--failures", action="store_true", help="list only the models where something is wrong")
    arguments = parser.parse_args()
    command = [arguments.mica, "optimize", "--quiet", "--target", arguments.target]
    peers = {name: Peer(name, arguments.timeout) for name in arguments.peers}
    simplifiers = {name: peer.simplify for name, peer in peers.items()}
    simplifiers["mica"] = lambda given, output: run_mica(command, given, output, arguments.timeout)
    count = failed = not_run = 0
    print("| model | nodes | onnxsim | onnxslim | Mica |\n|---|---:|---:|---:|---:|")
    for path in [path for given in arguments.models for path in models_of(given)]:
        name = path.parent.name if path.name == "model.onnx" else path.stem
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(arguments.keep) / name if arguments.keep else pathlib.Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            row = compare(path, simplifiers, folder)
        # A peer whose result does not run or differs sets no mark.
        marks = [row[peer].total() for peer in PEERS if row[peer] is not None and not row[f"{peer}_wrong"]]
        bad = row["mica"] is None or row["mica_wrong"] or any(row["mica"].total() > mark for mark in marks)
        count, failed, not_run = count + 1, failed + bool(bad), not_run + bool(row["why"])
        if bad or not arguments.failures:
            print(f"| {name} | {row['before'].total()} | {cell(row, 'onnxsim')} | {cell(row, 'onnxslim')} | {cell(row, 'mica')} |",
                  flush=True)
        if row["why"] and not arguments.failures:
            print(f"{name}: the original does not run: {row['why']}", file=sys.stderr)
        if bad:
            print(f"{name}: {row['mica_wrong'] or 'more nodes'}", file=sys.stderr, flush=True)
            if arguments.histogram:
                print_histogram(row)
    for peer in peers.values():
        peer.stop()
    print(f"{count} models, {failed} failed, {not_run} that ONNX Runtime does not run as they are", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
