#!/usr/bin/env python3
"""Times Mica and ONNX Runtime on the same models, in turn, and prints medians and ratios.

    bench/compare_ort.py [--rounds 5] [--threads 1 2] [--json out.json] MODEL[:dim=value,...] ...

Needs onnxruntime and numpy from PyPI in the Python that runs it, and a release build of Mica (--mica PATH). Each round runs
`mica bench` and ONNX Runtime in fresh processes one after the other, so that a machine whose speed drifts
treats both alike. ONNX Runtime gets inputs of the dims that `mica bench` chose: seeded random numbers, and ones for integers, which
every embedding has. Without models: the toy.
"""
import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def time_onnxruntime(model, shapes, threads, seconds):
    """Runs in a process of its own; prints what `mica bench --json` calls the same."""
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    start = time.perf_counter()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    load = time.perf_counter() - start
    types = {"tensor(float)": numpy.float32, "tensor(float16)": numpy.float16, "tensor(double)": numpy.float64,
             "tensor(int64)": numpy.int64, "tensor(int32)": numpy.int32, "tensor(bool)": numpy.bool_,
             "tensor(uint8)": numpy.uint8, "tensor(int8)": numpy.int8}
    random = numpy.random.default_rng(0)
    feeds = {}
    for value in session.get_inputs():
        shape = shapes[value.name]
        dtype = types[value.type]
        floating = numpy.issubdtype(dtype, numpy.floating)
        feeds[value.name] = random.standard_normal(shape).astype(dtype) if floating else numpy.ones(shape, dtype)
    names = [value.name for value in session.get_outputs()]
    binding = session.io_binding()  # as lean as its C interface: no conversion of inputs and outputs in a run
    for name, array in feeds.items():
        binding.bind_cpu_input(name, array)
    for name in names:
        binding.bind_output(name)
    start = time.perf_counter()
    session.run_with_iobinding(binding)
    first = time.perf_counter() - start
    runs = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(runs) < 5:
        start = time.perf_counter_ns()
        session.run_with_iobinding(binding)
        runs.append((time.perf_counter_ns() - start) / 1e3)
    runs = runs[len(runs) // 5:]
    print(json.dumps({"load_ms": load * 1e3, "first_run_ms": first * 1e3, "p50_us": statistics.median(runs),
                      "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


def output_of(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return None, (done.stderr.strip().splitlines() or ["failed"])[-1][:120]
    return json.loads(done.stdout), ""


def shapes_of(inputs):
    """{"x": "float[1,3]"} -> {"x": [1, 3]}"""
    return {name: [int(dim) for dim in text[text.index("[") + 1:-1].split(",") if dim] for name, text in inputs.items()}


def compare(mica, model, dims, threads, rounds, seconds):
    flags = [f"--dim={name}={value}" for name, value in dims.items()]
    mica_bench = [mica, "bench", model, *flags, f"--threads={threads}", f"--duration={seconds}s", "--json", "--quiet"]
    results = {"mica": [], "ort": []}
    for _ in range(rounds):
        result, why = output_of(mica_bench)
        if result is None:
            return {"error": f"mica: {why}"}
        shapes = json.dumps(shapes_of(result["inputs"]))
        peer, why = output_of([sys.executable, __file__, "--one", model, shapes, str(threads), str(seconds)])
        if peer is None:
            return {"error": f"ONNX Runtime: {why}"}
        results["mica"].append(result)
        results["ort"].append(peer)
    row = {}
    for peer, all_of in results.items():
        for key in ("p50_us", "load_ms", "first_run_ms", "peak_rss_bytes"):
            row[f"{peer}_{key}"] = statistics.median(result[key] for result in all_of)
    pairs = zip(results["ort"], results["mica"])
    row["speedup"] = statistics.median(o["p50_us"] / m["p50_us"] for o, m in pairs)
    return row


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "--one":
        return time_onnxruntime(sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=[f"{ROOT}/models/toy.onnx:sequence=128"])
    parser.add_argument("--mica", default=f"{ROOT}/build/release/mica")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=0.5, help="of each measurement")
    parser.add_argument("--json", help="write the rows to this file")
    arguments = parser.parse_args()
    rows = []
    print(f"{'model':<34} {'threads':>7} {'Mica us':>10} {'ORT us':>10} {'faster':>7} {'load ms':>15} {'peak MB':>15}")
    for spec in arguments.models:
        path, _, text = spec.partition(":")
        dims = {name: int(value) for name, value in (pair.split("=") for pair in text.split(",") if pair)}
        name = pathlib.Path(path).parent.name if path.endswith("/model.onnx") else pathlib.Path(path).stem
        name += "".join(f" {value}" for value in dims.values())
        for threads in arguments.threads:
            row = compare(arguments.mica, path, dims, threads, arguments.rounds, arguments.seconds)
            rows.append({"model": name, "threads": threads, **row})
            if "error" in row:
                print(f"{name:<34} {threads:>7} {row['error']}")
                continue
            print(f"{name:<34} {threads:>7} {row['mica_p50_us']:>10.1f} {row['ort_p50_us']:>10.1f} "
                  f"{row['speedup']:>6.2f}x {row['mica_load_ms']:>6.1f} / {row['ort_load_ms']:>6.1f} "
                  f"{row['mica_peak_rss_bytes'] / 1e6:>6.1f} / {row['ort_peak_rss_bytes'] / 1e6:>6.1f}", flush=True)
    measured = [row["speedup"] for row in rows if "speedup" in row]
    if measured:
        print(f"geometric mean {statistics.geometric_mean(measured):.2f}x over {len(measured)} rows")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
