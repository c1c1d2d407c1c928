#!/usr/bin/env python3
"""Compares every model of tests/e2e in ONNX Runtime with the recorded outputs."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

E2E = Path(__file__).resolve().parent.parent


def load(data, kind, count):
    protos = [onnx.load_tensor(data / f"{kind}_{index}.pb") for index in range(count)]
    return {proto.name: numpy_helper.to_array(proto) for proto in protos}


def check(folder):
    tolerance = json.loads((folder / "tolerance.json").read_text())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(folder / "model.onnx", options)
    inputs = [i.name for i in session.get_inputs()]
    outputs = [o.name for o in session.get_outputs()]
    worst, shapes = 0.0, []
    sets = sorted(folder.glob("test_data_set_*"))
    assert len(sets) >= 2
    for data in sets:
        given = load(data, "input", len(inputs))
        expected = load(data, "output", len(outputs))
        assert list(given) == inputs and list(expected) == outputs
        shapes.append([v.shape for v in given.values()])
        for name, actual in zip(outputs, session.run(None, given)):
            assert actual.shape == expected[name].shape, (name, actual.shape)
            assert actual.dtype == expected[name].dtype, (name, actual.dtype)
            np.testing.assert_allclose(actual, expected[name], **tolerance, err_msg=f"{data} {name}")
            worst = max(worst, float(np.abs(actual - expected[name]).max()))
    assert any(shape != shapes[0] for shape in shapes[1:]), "all data sets have one shape"
    return len(sets), worst


def main():
    failed = False
    for path in sorted(E2E.glob("*/model.onnx")):
        try:
            sets, worst = check(path.parent)
            print(f"ok    {path.parent.name}: {sets} data sets, max difference {worst:.1e}")
        except Exception as error:  # report them all
            failed = True
            print(f"FAIL  {path.parent.name}: {error}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
