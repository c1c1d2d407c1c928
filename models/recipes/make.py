#!/usr/bin/env python3
"""Makes full-size models with seeded random weights, for benchmarks: build/models/<name>.onnx, outside of git.

    models/recipes/make.py --list
    models/recipes/make.py                      all of them, about 2.7 GB
    models/recipes/make.py bert_base gpt2 --check

--check runs each in ONNX Runtime and in Mica on the same inputs and compares the outputs. What is needed of PyPI is put into
build/venv by itself; PyTorch is not needed. A model that is there already is left alone.
"""
import argparse
import importlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tools" / "dev")]
import venv_of_project  # noqa: E402


def recipes():
    """name -> function that makes the model; every script of this folder that has MODELS adds its own."""
    found = {}
    for script in sorted(HERE.glob("*.py")):
        if script.stem not in ("make", "check", "common"):
            found.update(importlib.import_module(script.stem).MODELS)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="all unless given")
    parser.add_argument("--list", action="store_true", help="print the names")
    parser.add_argument("--check", action="store_true", help="ONNX Runtime runs it and Mica agrees")
    parser.add_argument("--mica", default=f"{ROOT}/build/release/mica", help="for --check")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "build" / "models")
    arguments = parser.parse_args()
    venv_of_project.enter()
    import check
    import onnx
    makers = recipes()
    if arguments.list:
        return print("\n".join(makers))
    if unknown := set(arguments.names) - set(makers):
        parser.error(f"no recipe is called {', '.join(sorted(unknown))}: there are {', '.join(makers)}")
    arguments.output.mkdir(parents=True, exist_ok=True)
    wrong = False
    for name in arguments.names or makers:
        path = arguments.output / f"{name}.onnx"
        if not path.exists():
            onnx.save(makers[name](), path)
        line = f"{path}: {path.stat().st_size / 1e6:.1f} MB"
        if arguments.check:
            difference, right = check.compare(path, arguments.mica)
            line += f", {difference}"
            wrong = wrong or not right
        print(line, flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
