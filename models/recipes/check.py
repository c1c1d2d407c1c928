"""Whether Mica computes what ONNX Runtime computes, on the same inputs."""
import pathlib
import subprocess
import tempfile

import numpy as np

# Small sizes of the dims that the recipes name; caches are not empty, so that every input matters.
DIMS = {"batch": 1, "sequence": 5, "past": 7, "total": 12}
TOLERANCE = 2e-4  # of an output, relative to its largest element


def feeds(session):
    random = np.random.default_rng(1)
    values = {}
    for value in session.get_inputs():
        shape = [DIMS.get(dim, dim) for dim in value.shape]
        if value.type == "tensor(float)":
            values[value.name] = random.standard_normal(shape).astype(np.float32)
        elif value.name == "attention_mask":
            values[value.name] = np.ones(shape, np.int64)
        elif value.name == "position_ids":
            values[value.name] = np.arange(DIMS["past"], DIMS["total"])[None]
        else:
            values[value.name] = random.integers(0, 2, shape)
    return values


def compare(path, mica):
    """What differs, in words, and whether that is little enough."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    inputs = feeds(session)
    names = [value.name for value in session.get_outputs()]
    expected = dict(zip(names, session.run(names, inputs)))
    with tempfile.TemporaryDirectory() as folder:
        command = [mica, "run", str(path), "--quiet", "--output-dir", folder]
        for index, (name, value) in enumerate(inputs.items()):
            np.save(f"{folder}/input_{index}.npy", value)
            command.append(f"--input={name}={folder}/input_{index}.npy")
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            return f"Mica: {done.stderr.strip()}", False
        worst = 0.0
        for name in names:
            got = np.load(pathlib.Path(folder) / f"{name}.npy")
            if got.shape != expected[name].shape:
                return f"{name}: {got.shape} instead of {expected[name].shape}", False
            worst = max(worst, float(np.abs(got - expected[name]).max() / np.abs(expected[name]).max()))
    right = worst <= TOLERANCE
    return f"largest difference from ONNX Runtime {worst:.1e}{'' if right else ': too much'}", right
