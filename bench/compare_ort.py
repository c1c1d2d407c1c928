#!/usr/bin/env python3
"""Times Mica and ONNX Runtime on the same models, in turn, and prints medians and ratios.

    bench/compare_ort.py                                        the toy
    bench/compare_ort.py models/toy.onnx:seq=16|128 bert_base:batch=1,sequence=128 --threads 1 2 --json out.json
    bench/compare_ort.py --recipes                              all of models/recipes at usual sizes

A model is a file, or the name of a recipe (models/recipes), which is made when it is not there. Behind a colon stand free
dims; alternatives behind | are measured one after the other. What is needed of PyPI is put into build/venv by itself; Mica has to be
built (--mica PATH). Two such files of results are compared by bench/compare_runs.py.

Each round runs `mica bench` and ONNX Runtime in fresh processes one after the other, in alternating order, so that a machine
whose speed drifts treats both alike. ONNX Runtime gets inputs of the dims that `mica bench` chose: seeded random numbers, and
ones for integers, which every embedding has. Load is the time until the model can run; memory is the peak of the process, less
what Python and its packages took before the model was loaded.
"""
import argparse
import itertools
import json
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools" / "dev"))
import venv_of_project  # noqa: E402

MODELS = ROOT / "build" / "models"
MEASURES = ("p50_us", "load_ms", "first_run_ms", "peak_rss_bytes")
RECIPES = ("bert_base:batch=1,sequence=16|128", "gpt2:batch=1,sequence=128",
           "gpt2_past:batch=1,sequence=1,past=127,total=128", "llama_160m:batch=1,sequence=1,past=127,total=128",
           "small_causal:batch=1,sequence=128", "vit_b16:batch=1", "whisper_base_encoder:batch=1", "resnet50:batch=1",
           "mobilenet_v2:batch=1")


def time_onnxruntime(model, shapes, threads, seconds):
    """Runs in a process of its own; prints what `mica bench --json` calls the same."""
    import numpy
    import onnxruntime

    def resident():
        return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    before = resident()
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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"load_ms": load * 1e3, "first_run_ms": first * 1e3, "p50_us": statistics.median(runs),
                      "peak_rss_bytes": peak - before}))


def check_mica(mica):
    if not pathlib.Path(mica).exists():
        sys.exit(f"there is no {mica}: build it (cmake --preset release && cmake --build --preset release), or say --mica PATH")


def output_of(command):
    """The JSON that a command prints, or None and the last line of its complaint."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        return None, (done.stderr.strip().splitlines() or ["failed"])[-1][:120]
    return json.loads(done.stdout), ""


def shapes_of(inputs):
    """{"x": "float[1,3]"} -> {"x": [1, 3]}"""
    return {name: [int(dim) for dim in text[text.index("[") + 1:-1].split(",") if dim] for name, text in inputs.items()}


def path_of(model):
    """The file that a model's name stands for."""
    if not model.endswith(".onnx") and not pathlib.Path(model).exists():
        path = MODELS / f"{model}.onnx"
        if not path.exists():
            subprocess.run([sys.executable, ROOT / "models" / "recipes" / "make.py", model], check=True, stdout=sys.stderr)
        return str(path)
    return model


def specs(texts):
    """(path, dims) of each "model:dim=1|2,..."."""
    for text in texts:
        model, _, rest = text.partition(":")
        choices = []
        for pair in filter(None, rest.split(",")):
            name, sign, values = pair.partition("=")
            if not sign or not all(value.isdigit() for value in values.split("|")):
                sys.exit(f"{text}: dims are written name=number, or name=number|number")
            choices.append([(name, int(value)) for value in values.split("|")])
        for dims in itertools.product(*choices):
            yield path_of(model), dict(dims)


def mica_bench(mica, path, dims, threads, seconds, precision="fp32", flags=()):
    flags = [f"--dim={name}={value}" for name, value in dims.items()] + list(flags)
    if precision != "fp32":
        flags.append(f"--precision={precision}")
    return output_of([mica, "bench", path, *flags, f"--threads={threads}", f"--duration={seconds}s", "--json", "--quiet"])


def compare(mica, path, dims, threads, rounds, seconds):
    """A row: for each peer the samples of each measure, one a round, and how many times faster Mica is."""
    first, why = mica_bench(mica, path, dims, threads, 0)
    if first is None:
        return {"error": f"mica: {why}"}
    ort = [sys.executable, __file__, "--one", path, json.dumps(shapes_of(first["inputs"])), threads, seconds]
    row = {peer: {measure: [] for measure in MEASURES} for peer in ("mica", "ort")}
    for index in range(rounds):
        for peer in ("mica", "ort") if index % 2 == 0 else ("ort", "mica"):
            result, why = mica_bench(mica, path, dims, threads, seconds) if peer == "mica" else output_of(ort)
            if result is None:
                return {"error": f"{peer}: {why}"}
            for measure in MEASURES:
                row[peer][measure].append(result[measure])
    row["arena_bytes"] = first["arena_bytes"]
    row["speedup"] = statistics.median(o / m for o, m in zip(row["ort"]["p50_us"], row["mica"]["p50_us"]))
    return row


def median(row, peer, measure):
    return statistics.median(row[peer][measure])


def print_row(name, threads, row):
    if "error" in row:
        return print(f"{name:<44} {threads:>3} {row['error']}", flush=True)
    pairs = [[median(row, peer, measure) / scale for peer in ("mica", "ort")]
             for measure, scale in (("load_ms", 1), ("first_run_ms", 1), ("peak_rss_bytes", 1e6))]
    print(f"{name:<44} {threads:>3} {median(row, 'mica', 'p50_us'):>11.1f} {median(row, 'ort', 'p50_us'):>11.1f} "
          f"{row['speedup']:>6.2f}x " + " ".join(f"{a:>7.1f} /{b:>7.1f}" for a, b in pairs), flush=True)


def machine(mica):
    devices, _ = output_of([mica, "devices", "--json"])
    import onnxruntime
    return {"cpu": devices["devices"][0]["name"] if devices else platform.processor(),
            "isa": devices["devices"][0]["isa"] if devices else "", "onnxruntime": onnxruntime.__version__,
            "time": time.strftime("%Y-%m-%dT%H:%M:%S")}


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "--one":
        return time_onnxruntime(sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL[:dim=value,...]")
    parser.add_argument("--recipes", action="store_true", help="the models of models/recipes as well")
    parser.add_argument("--mica", default=f"{ROOT}/build/release/mica")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=0.5, help="of each measurement")
    parser.add_argument("--json", metavar="FILE", help="write every sample to this file")
    arguments = parser.parse_args()
    check_mica(arguments.mica)
    venv_of_project.enter()
    texts = [*arguments.models, *(RECIPES if arguments.recipes else ())] or [f"{ROOT}/models/toy.onnx:seq=128"]
    result = {"machine": machine(arguments.mica), "rounds": arguments.rounds, "rows": []}
    print(f"{'model':<44} {'thr':>3} {'Mica us':>11} {'ORT us':>11} {'faster':>7} {'load ms':>16} {'first run ms':>16} "
          f"{'peak MB':>16}")
    for path, dims in specs(texts):
        name = pathlib.Path(path).parent.name if path.endswith("/model.onnx") else pathlib.Path(path).stem
        name = " ".join([name, *(f"{dim}={value}" for dim, value in dims.items())])
        for threads in arguments.threads:
            row = compare(arguments.mica, path, dims, threads, arguments.rounds, arguments.seconds)
            result["rows"].append({"model": name, "threads": threads, **row})
            print_row(name, threads, row)
    measured = [row["speedup"] for row in result["rows"] if "speedup" in row]
    if measured:
        print(f"geometric mean {statistics.geometric_mean(measured):.2f}x over {len(measured)} rows")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(result, indent=1) + "\n")
    return 0 if len(measured) == len(result["rows"]) else 1


if __name__ == "__main__":
    sys.exit(main())
