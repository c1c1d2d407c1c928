#!/usr/bin/env python3
"""Prints how far Mica is from its speed targets on this machine: for each what must be and what is aimed at, what Mica does,
what ONNX Runtime does or the machine's peak is, and whether it is met.

    bench/targets.py                         all, some minutes; makes the models of models/recipes that it needs
    bench/targets.py --only gemm --quick     rows whose names contain "gemm", few rounds
    bench/targets.py --json out.json

Peaks and peers are measured in the same run. What is needed of PyPI is put into build/venv by itself; Mica has to be built.
"""
import argparse
import json
import math
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

import compare_ort
from compare_ort import ROOT, median, output_of, path_of

BERT_SHAPES = ("128x768x768", "128x3072x768", "128x768x3072")
LARGE_SHAPES = ("96x512x512", "512x512x512", *BERT_SHAPES)
TOY = str(ROOT / "models" / "toy.onnx")
DECODER = {"batch": 1, "sequence": 1, "past": 127, "total": 128}
CACHES_IN_PLACE = ("--state=past_key_values.*=present.*", "--grow=past=1", "--grow=total=1")
READING = "8192x8192"  # floats, many times what caches hold

TARGETS = []


def target(name, must, aim, unit, more_is_better=True):
    """Registers a function that measures: it gives Mica's number, and what to say of the yardstick."""
    def register(function):
        TARGETS.append({"name": name, "must": must, "aim": aim, "unit": unit, "more": more_is_better, "measure": function})
        return function
    return register


class Bench:
    """Measurements, each made once."""

    def __init__(self, mica, rounds, seconds):
        self.mica, self.rounds, self.seconds = mica, rounds, seconds
        self.known = {}

    def once(self, key, function):
        if key not in self.known:
            self.known[key] = function()
        return self.known[key]

    def kernels_now(self, family, shapes, threads, *flags, seconds=None):
        """The results of `mica kernels` with only the candidate that a model gets in each."""
        result, why = output_of([self.mica, "kernels", family, *shapes, "--threads", threads, "--json", "--quiet",
                                 f"--duration={seconds or self.seconds}s", *flags])
        if result is None:
            raise RuntimeError(why)
        for row in result["results"]:
            row["pick"] = next(candidate for candidate in row["candidates"] if candidate["pick"])
        return result["results"]

    def kernels(self, family, shapes, threads, *flags):
        return self.once((family, shapes, threads, flags), lambda: self.kernels_now(family, shapes, threads, *flags))

    def compare(self, model, dims, threads):
        def measure():
            row = compare_ort.compare(self.mica, path_of(model), dims, threads, self.rounds, self.seconds)
            if "error" in row:
                raise RuntimeError(row["error"])
            return row
        return self.once((model, tuple(dims.items()), threads), measure)

    def precisions(self, model, dims, threads, names):
        """Median microseconds of a run in each precision, one a round."""
        def measure():
            times = {name: [] for name in names}
            for _ in range(self.rounds):
                for name in names:
                    result, why = compare_ort.mica_bench(self.mica, path_of(model), dims, threads, self.seconds, name)
                    if result is None:
                        raise RuntimeError(why)
                    times[name].append(result["p50_us"])
            return times
        return self.once((model, tuple(dims.items()), threads, names), measure)

    def chain(self, length):
        """Median microseconds of a run of so many operators on one element."""
        def measure():
            import numpy
            import onnx
            from onnx import helper
            nodes = [helper.make_node("Sin", [f"x{i}"], [f"x{i + 1}"]) for i in range(length)]
            value = [helper.make_tensor_value_info(f"x{i}", onnx.TensorProto.FLOAT, [1]) for i in (0, length)]
            graph = helper.make_graph(nodes, "chain", value[:1], value[1:])
            with tempfile.TemporaryDirectory() as folder:
                path = f"{folder}/chain.onnx"
                onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
                runs = [compare_ort.mica_bench(self.mica, path, {}, 1, self.seconds)[0]["p50_us"] for _ in range(self.rounds)]
            return float(numpy.median(runs))
        return self.once(("chain", length), measure)


def least_of_peak(rows, scale):
    worst = min(rows, key=lambda row: row["pick"]["of_peak"])
    return (100 * worst["pick"]["of_peak"] / scale,
            f"{worst['peak_gflops'] * scale:.0f} GFLOP/s peak; least at {worst['shape']}")


@target("gemm f32, N and K >= 512, M >= 96, 1 thread", 90, 95, "% of peak")
def gemm_large(bench):
    return least_of_peak(bench.kernels("gemm", LARGE_SHAPES, 1), 1)


@target("gemm f32, BERT shapes, 2 threads", 85, 92, "% of peak")
def gemm_bert(bench):
    return least_of_peak(bench.kernels("gemm", BERT_SHAPES, 2), 1)


@target("gemm f32, 64x64x64, 1 thread", 65, 80, "% of peak")
def gemm_small(bench):
    return least_of_peak(bench.kernels("gemm", ("64x64x64",), 1), 1)


@target("gemm bf16, BERT shapes, 1 thread", 75, 85, "% of 2 f32 peaks")
def gemm_bf16(bench):
    return least_of_peak(bench.kernels("gemm", BERT_SHAPES, 1, "--dtype=bf16"), 2)


@target("gemm bf16, BERT shapes, 2 threads", 75, 85, "% of 2 f32 peaks")
def gemm_bf16_two(bench):
    return least_of_peak(bench.kernels("gemm", BERT_SHAPES, 2, "--dtype=bf16"), 2)


@target("gemm int8, BERT shapes, 1 thread", 65, 78, "% of 4 f32 peaks")
def gemm_int8(bench):
    return least_of_peak(bench.kernels("gemm", BERT_SHAPES, 1, "--dtype=int8"), 4)


@target("gemm int8, BERT shapes, 2 threads", 65, 78, "% of 4 f32 peaks")
def gemm_int8_two(bench):
    return least_of_peak(bench.kernels("gemm", BERT_SHAPES, 2, "--dtype=int8"), 4)


def against_ort(bench, model, dims, threads):
    row = bench.compare(model, dims, threads)
    return row["speedup"], f"{median(row, 'mica', 'p50_us'):.1f} us, ONNX Runtime {median(row, 'ort', 'p50_us'):.1f} us"


def against_fp32(bench, model, dims, threads, precision):
    """How many times faster a precision is, the two measured in turn."""
    times = bench.precisions(model, dims, threads, ("fp32", precision))
    return (statistics.median(slow / fast for slow, fast in zip(*times.values())),
            ", ".join(f"{name} {statistics.median(runs) / 1e3:.1f} ms" for name, runs in times.items()))


@target("toy 1x128, 1 thread, against ONNX Runtime", 1.7, 2.2, "x")
def toy_128(bench):
    return against_ort(bench, TOY, {"seq": 128}, 1)


@target("toy 1x16, 1 thread, against ONNX Runtime", 2, 3, "x")
def toy_16(bench):
    return against_ort(bench, TOY, {"seq": 16}, 1)


@target("toy: load and first run", 3, 0.5, "ms", more_is_better=False)
def toy_load(bench):
    row = bench.compare(TOY, {"seq": 128}, 1)
    mica, ort = (median(row, peer, "load_ms") + median(row, peer, "first_run_ms") for peer in ("mica", "ort"))
    return mica, f"ONNX Runtime {ort:.1f} ms"


@target("overhead of a run", 1, 0.3, "us", more_is_better=False)
def overhead_of_run(bench):
    return bench.chain(1), "a model of one operator on one element"


@target("overhead of a step", 50, 15, "ns", more_is_better=False)
def overhead_of_step(bench):
    return (bench.chain(201) - bench.chain(1)) / 200 * 1e3, "200 operators more on one element"


@target("BERT-base 1x128 f32, 2 threads, against ONNX Runtime", 1.2, 1.4, "x")
def bert_two(bench):
    return against_ort(bench, "bert_base", {"batch": 1, "sequence": 128}, 2)


@target("BERT-base 1x128 f32, 1 thread, against ONNX Runtime", 1.05, 1.15, "x")
def bert_one(bench):
    return against_ort(bench, "bert_base", {"batch": 1, "sequence": 128}, 1)


@target("BERT-base 1x128 bf16, 1 thread, against our fp32", 1.6, 1.85, "x")
def bert_bf16(bench):
    return against_fp32(bench, "bert_base", {"batch": 1, "sequence": 128}, 1, "bf16")


@target("BERT-base 1x128 int8-dynamic, 1 thread, against our fp32", 2.5, 3.3, "x")
def bert_int8(bench):
    return against_fp32(bench, "bert_base", {"batch": 1, "sequence": 128}, 1, "int8-dynamic")


@target("BERT-base 1x128 bf16, 2 threads, against our fp32", 1.6, 1.85, "x")
def bert_bf16_two(bench):
    return against_fp32(bench, "bert_base", {"batch": 1, "sequence": 128}, 2, "bf16")


@target("BERT-base 1x128 int8-dynamic, 2 threads, against our fp32", 2.5, 3.3, "x")
def bert_int8_two(bench):
    return against_fp32(bench, "bert_base", {"batch": 1, "sequence": 128}, 2, "int8-dynamic")


def load_to_first_result(result):
    """Milliseconds of what `mica bench` measures, less one run."""
    return result["load_ms"] + result["first_run_ms"] - result["p50_us"] / 1e3


def against_ort_load(bench, mica):
    row = bench.compare("bert_base", {"batch": 1, "sequence": 128}, 1)
    ort = load_to_first_result({measure: median(row, "ort", measure) for measure in compare_ort.MEASURES})
    mica = mica or load_to_first_result({measure: median(row, "mica", measure) for measure in compare_ort.MEASURES})
    return ort / max(mica, 0.01), f"{mica:.0f} ms, ONNX Runtime {ort:.0f} ms"


@target("BERT-base: load to first result less one run, against ONNX Runtime", 10, 50, "x")
def bert_load(bench):
    return against_ort_load(bench, None)


@target("BERT-base: the same with packed weights kept from before", 10, 50, "x")
def bert_load_kept(bench):
    with tempfile.TemporaryDirectory() as folder:
        results = []
        for _ in range(bench.rounds + 1):
            result, why = compare_ort.mica_bench(bench.mica, path_of("bert_base"), {"batch": 1, "sequence": 128}, 1,
                                                 bench.seconds, flags=[f"--packed-cache={folder}"])
            if result is None:
                raise RuntimeError(why)
            results.append(load_to_first_result(result))
    return against_ort_load(bench, statistics.median(results[1:]))  # the first one writes them


@target("BERT-base 1x128: peak memory over weights and arena", 1.10, 1.02, "x", more_is_better=False)
def bert_memory(bench):
    row = bench.compare("bert_base", {"batch": 1, "sequence": 128}, 1)
    needed = pathlib.Path(path_of("bert_base")).stat().st_size + row["arena_bytes"]
    mica, ort = (median(row, peer, "peak_rss_bytes") for peer in ("mica", "ort"))
    return mica / needed, f"{mica / 1e6:.0f} MB, ONNX Runtime {ort / 1e6:.0f} MB"


def decode(bench, threads):
    """The weights read a second, beside what a plain sum reads: medians of both, in turns of a moment each, since a host's
    bandwidth is shared with its other guests and changes by a third within a second."""
    path = path_of("gpt2_past")
    row = bench.compare("gpt2_past", DECODER, threads)
    weights = pathlib.Path(path).stat().st_size
    moment, peaks, readings, tokens = bench.seconds / 2, [], [], []
    for _ in range(2 * bench.rounds):
        token, why = compare_ort.mica_bench(bench.mica, path, DECODER, threads, moment, flags=CACHES_IN_PLACE)
        if token is None:
            raise RuntimeError(why)
        read = bench.kernels_now("reduce", (READING,), threads, "--isa", token["isa"], seconds=moment)[0]
        peaks.append(read["read_gb_s"])
        readings.append(4 * math.prod(map(int, READING.split("x"))) / read["pick"]["median_us"] * 1e-3)
        tokens.append(weights / token["p50_us"] * 1e-3)
    shares = [100 * token / read for token, read in zip(tokens, readings)]
    return statistics.median(shares), (f"{statistics.median(tokens):.1f} of {statistics.median(readings):.1f} GB/s (at best "
                                       f"{max(peaks):.1f}); {weights / statistics.median(tokens) * 1e-6:.1f} ms a token; "
                                       f"with copied caches {median(row, 'mica', 'p50_us') / 1e3:.1f} ms, "
                                       f"ONNX Runtime {median(row, 'ort', 'p50_us') / 1e3:.1f} ms")


@target("decode, GPT-2 of 124 M, 1 thread", 85, 95, "% of reading")
def decode_one(bench):
    return decode(bench, 1)


@target("decode, GPT-2 of 124 M, 2 threads", 85, 95, "% of reading")
def decode_two(bench):
    return decode(bench, 2)


def stripped_size(program):
    """Bytes of a program without symbols: of what the CPU needs, and of code for GPUs."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(program, f"{folder}/stripped")
        subprocess.run(["strip", copy], check=True)
        size = pathlib.Path(copy).stat().st_size
    sections = subprocess.run(["size", "-A", program], check=True, capture_output=True, text=True).stdout
    gpu = sum(int(line.split()[1]) for line in sections.splitlines() if "fatbin" in line.split(" ")[0].lower())
    return size - gpu, gpu


@target("runtime linked into a program, stripped", 4, 1.5, "MB", more_is_better=False)
def library_size(bench):
    build = pathlib.Path(bench.mica).parent
    example = pathlib.Path("tests", "api", "mica_example")  # the runtime, and ten lines that use it
    size, gpu = stripped_size(build / example)
    without_cuda = build.parent / "cpu" / example  # of the preset "cpu"
    if without_cuda.exists():
        beside = f"{example.name} of the preset cpu; {(size + gpu) / 1e6:.2f} MB with all that runs on GPUs"
        size = stripped_size(without_cuda)[0]
    else:
        beside = f"{example.name}, less {gpu / 1e6:.1f} MB of code for GPUs; see it built with the preset cpu"
    import onnxruntime
    capi = pathlib.Path(onnxruntime.__file__).parent / "capi"
    peer = max(path.stat().st_size for path in capi.glob("*onnxruntime*.so*"))
    return size / 1e6, f"{beside}; ONNX Runtime {peer / 1e6:.1f} MB"


def judge(row, value):
    reached = (lambda bound: value >= bound) if row["more"] else (lambda bound: value <= bound)
    return "aim met" if reached(row["aim"]) else "met" if reached(row["must"]) else "not met"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mica", default=f"{ROOT}/build/release/mica")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows whose names contain this")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 0.2 s instead of 5 of 1 s")
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    compare_ort.check_mica(arguments.mica)
    compare_ort.venv_of_project.enter()
    bench = Bench(arguments.mica, *((2, 0.2) if arguments.quick else (5, 1.0)))
    rows = []
    print(f"{'target':<66} {'must':>6} {'aim':>6} {'Mica':>9} {'unit':<16} {'':<8} beside")
    for row in TARGETS:
        if arguments.only.lower() not in row["name"].lower():
            continue
        try:
            value, beside = row["measure"](bench)
            word = judge(row, value)
        except (RuntimeError, OSError, subprocess.CalledProcessError, TypeError) as error:
            value, beside, word = float("nan"), str(error), "unknown"
        print(f"{row['name']:<66} {row['must']:>6} {row['aim']:>6} {value:>9.2f} {row['unit']:<16} {word:<8} {beside}", flush=True)
        rows.append({key: row[key] for key in ("name", "must", "aim", "unit")} | {"mica": value, "beside": beside, "verdict": word})
    print(", ".join(f"{sum(row['verdict'] == word for row in rows)} {word}" for word in ("aim met", "met", "not met", "unknown")))
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({"machine": compare_ort.machine(arguments.mica), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
