#!/usr/bin/env python3
"""Times Mica and PyTorch on one device, in turn, and prints medians and ratios.

    bench/compare_torch.py                                          products, attention and models on cuda:0
    bench/compare_torch.py --only models --models bert_base:batch=1|32,sequence=128 --json out.json
    bench/compare_torch.py --device cpu --models small_causal:batch=1,sequence=16 --quick

PyTorch runs eagerly, and compiled in the modes asked for (reduce-overhead, which replays CUDA graphs; max-autotune takes
minutes a model). Products are torch.matmul, attention scaled_dot_product_attention, and models the architectures of the
recipes (bench/torch_models.py). What PyTorch needs is in bench/requirements-torch.txt and is not installed by itself; Mica has
to be built (--mica PATH). Without PyTorch, or the device, it says so and exits with 77.

On a GPU kernels are timed by events around replays of a recording, on both sides, and models by the wall clock with inputs
and outputs in the device's memory (`mica bench --resident`), waiting for each run. Rounds alternate the order. PyTorch computes
float32 products without TF32, as Mica does.
"""
import argparse
import json
import pathlib
import statistics
import sys
import time

import compare_ort

MODELS = ("bert_base:batch=1|32,sequence=128", "gpt2:batch=1,sequence=128",
          "gpt2_past:batch=1,sequence=1,past=127,total=128", "llama_160m:batch=1,sequence=1,past=127,total=128",
          "vit_b16:batch=1", "whisper_base_encoder:batch=1")
GEMMS = ("128x768x768", "128x3072x768", "1x768x3072", "1024x1024x1024", "4096x4096x4096", "8192x8192x8192")
ATTENTIONS = ("1x12x128x64", "32x12x128x64", "4x16x2048x64", "4x16x2048x128", "4x16x4096x128,causal")
MICA_PRECISION = {"f32": "fp32", "bf16": "bf16", "f16": "fp16"}


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


class Torch:
    """PyTorch's side: functions timed on one device."""

    def __init__(self, device):
        try:
            import torch
        except ImportError as error:
            skip(f"PyTorch is not there ({error}): python3 -m pip install -r bench/requirements-torch.txt")
        if device != "cpu" and not torch.cuda.is_available():
            skip(f"PyTorch {torch.__version__} finds no {device}")
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        self.torch, self.device, self.gpu = torch, device, device != "cpu"
        self.types = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}

    def name(self):
        return self.torch.cuda.get_device_name(0) if self.gpu else "cpu"

    def synchronize(self):
        if self.gpu:
            self.torch.cuda.synchronize()

    def random(self, dtype, *shape):
        return self.torch.randn(shape, device=self.device).to(self.types[dtype])

    def variants(self, function, modes):
        """name -> callable, compiled ones having run. What a mode cannot compile is left out, with a word on stderr."""
        found = {"eager": function}
        for mode in modes:
            compiled = self.torch.compile(function, mode=mode)
            try:
                for _ in range(3):
                    compiled()
                found[mode] = compiled
            except Exception as error:  # the compiler's own kinds of errors are many
                print(f"torch.compile, {mode}: {str(error).splitlines()[0][:160]}", file=sys.stderr)
        self.synchronize()
        return found

    def recorded(self, function, count):
        """A CUDA graph of `count` calls."""
        stream = self.torch.cuda.Stream()
        with self.torch.cuda.stream(stream):
            for _ in range(3):
                function()
        self.torch.cuda.synchronize()
        graph = self.torch.cuda.CUDAGraph()
        with self.torch.cuda.graph(graph, stream=stream):
            for _ in range(count):
                function()
        return graph

    def time_kernel(self, function, seconds):
        """Median seconds of a call: of the device's time on a GPU."""
        if not self.gpu:
            return self.time_calls(function, seconds)
        start = time.perf_counter()
        function()
        self.synchronize()
        count = max(1, min(200, int(1e-3 / max(time.perf_counter() - start, 1e-6))))
        graph, samples, end = self.recorded(function, count), [], time.perf_counter() + seconds
        while time.perf_counter() < end or len(samples) < 5:
            before, after = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
            before.record()
            graph.replay()
            after.record()
            after.synchronize()
            samples.append(before.elapsed_time(after) * 1e-3 / count)
        return statistics.median(samples)

    def time_calls(self, function, seconds):
        """Median seconds of a call until its results are there."""
        samples, end = [], time.perf_counter() + seconds
        while time.perf_counter() < end or len(samples) < 5:
            start = time.perf_counter()
            function()
            self.synchronize()
            samples.append(time.perf_counter() - start)
        return statistics.median(samples[len(samples) // 5:])


def mica_kernel(arguments, family, shape, dtype):
    result, why = compare_ort.output_of([arguments.mica, "kernels", family, shape, f"--device={arguments.device}",
                                         f"--dtype={dtype}", f"--duration={arguments.seconds}s", "--json", "--quiet"])
    if result is None:
        return None, why
    for candidate in result["results"][0]["candidates"]:
        if candidate["pick"] and not candidate["wrong"]:
            return candidate["median_us"], ""
    return None, "no kernel took it, or it was wrong"


def mica_model(arguments, path, dims, dtype):
    flags = ["--device", arguments.device, "--resident"]
    result, why = compare_ort.mica_bench(arguments.mica, path, dims, arguments.threads, arguments.seconds,
                                         MICA_PRECISION[dtype], flags)
    return (None, why) if result is None else (result["p50_us"], "")


def compare(arguments, mica, variants, measure):
    """Rounds of one row, in turn: microseconds of each side."""
    row = {"mica": {"p50_us": []}, "torch": {name: {"p50_us": []} for name in variants}}
    for index in range(arguments.rounds):
        sides = ["mica", *variants]
        for side in sides if index % 2 == 0 else reversed(sides):
            if side == "mica":
                value, why = mica()
                if value is None:
                    return {"error": f"mica: {why}"}
                row["mica"]["p50_us"].append(value)
            else:
                row["torch"][side]["p50_us"].append(measure(variants[side], arguments.seconds) * 1e6)
    row["speedup"] = {name: statistics.median(t / m for t, m in zip(times["p50_us"], row["mica"]["p50_us"]))
                      for name, times in row["torch"].items()}
    return row


def gemm_rows(arguments, torch):
    for shape in arguments.gemms:
        m, n, k = (int(dim) for dim in shape.split("x"))
        for dtype in arguments.dtypes:
            a, b = torch.random(dtype, m, k), torch.random(dtype, k, n)
            out = torch.torch.empty(m, n, dtype=a.dtype, device=a.device)
            yield f"gemm {shape} {dtype}", compare(arguments, lambda: mica_kernel(arguments, "gemm", shape, dtype),
                                                   {"eager": lambda: torch.torch.matmul(a, b, out=out)}, torch.time_kernel)


def attention_rows(arguments, torch):
    for shape in arguments.attentions:
        sizes, _, causal = shape.partition(",")
        dims = [int(dim) for dim in sizes.split("x")]
        for dtype in arguments.dtypes:
            q, k, v = (torch.random(dtype, *dims) for _ in range(3))
            attend = lambda: torch.torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal == "causal")
            yield f"attention {shape} {dtype}", compare(
                arguments, lambda: mica_kernel(arguments, "attention", shape, dtype), {"sdpa": attend}, torch.time_kernel)


def model_rows(arguments, torch):
    import torch_models
    for path, dims in compare_ort.specs(arguments.models):
        name = pathlib.Path(path).stem
        for dtype in arguments.dtypes:
            title = " ".join([name, *(f"{dim}={value}" for dim, value in dims.items()), dtype])
            if name not in torch_models.SIZES:
                yield title, {"error": f"bench/torch_models.py has no {name}"}
                continue
            model, inputs = torch_models.make(name, dims, torch.device, torch.types[dtype])
            with torch.torch.no_grad():
                variants = torch.variants(lambda: model(*inputs), arguments.modes)
                yield title, compare(arguments, lambda: mica_model(arguments, path, dims, dtype), variants, torch.time_calls)


def print_row(name, row):
    if "error" in row:
        return print(f"{name:<52} {row['error']}", flush=True)
    cells = [f"{statistics.median(row['mica']['p50_us']):>10.1f}"]
    for variant, times in row["torch"].items():
        cells.append(f"{variant} {statistics.median(times['p50_us']):.1f} ({row['speedup'][variant]:.2f}x)")
    print(f"{name:<52} {'  '.join(cells)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--mica", default=f"{compare_ort.ROOT}/build/release/mica")
    parser.add_argument("--only", nargs="+", choices=("gemm", "attention", "models"), default=("gemm", "attention", "models"))
    parser.add_argument("--models", nargs="*", metavar="MODEL[:dim=value,...]", default=MODELS)
    parser.add_argument("--gemms", nargs="*", metavar="MxNxK", default=GEMMS)
    parser.add_argument("--attentions", nargs="*", metavar="BxHxSxD[,causal]", default=ATTENTIONS)
    parser.add_argument("--dtypes", nargs="+", choices=sorted(MICA_PRECISION), default=("f32", "bf16"))
    parser.add_argument("--modes", nargs="*", default=("reduce-overhead",), help="of torch.compile")
    parser.add_argument("--threads", type=int, default=1, help="of Mica's and PyTorch's work on the CPU")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.3, help="of each measurement")
    parser.add_argument("--quick", action="store_true", help="1 round of 0.05 s")
    parser.add_argument("--json", metavar="FILE", help="write every sample to this file")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds = 1, 0.05
    torch = Torch(arguments.device)
    compare_ort.check_mica(arguments.mica)
    torch.torch.set_num_threads(arguments.threads)
    devices, why = compare_ort.output_of([arguments.mica, "devices", "--json"])
    known = [device["device"] for device in devices["devices"]] if devices else []
    if arguments.device not in known:
        skip(f"{arguments.mica} finds no {arguments.device}: {devices['absent'] if devices else why}")
    machine = {"device": torch.name(), "torch": torch.torch.__version__, "time": time.strftime("%Y-%m-%dT%H:%M:%S")}
    result = {"machine": machine, "rounds": arguments.rounds, "rows": []}
    print(f"{machine['device']}, PyTorch {machine['torch']}\n{'microseconds':<52} {'Mica':>10}  PyTorch (how many times Mica's)")
    for kind, rows in (("gemm", gemm_rows), ("attention", attention_rows), ("models", model_rows)):
        for name, row in rows(arguments, torch) if kind in arguments.only else ():
            result["rows"].append({"name": name, "kind": kind, **row})
            print_row(name, row)
            if arguments.json:  # after each row: what was measured stays when the rest is cut off
                pathlib.Path(arguments.json).write_text(json.dumps(result, indent=1) + "\n")
    return 1 if any("error" in row for row in result["rows"]) else 0


if __name__ == "__main__":
    sys.exit(main())
