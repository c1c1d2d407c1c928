"""A Python environment of the project's own, for scripts that need packages from PyPI.

`enter()` returns when the packages of bench/requirements.txt can be imported; else it makes build/venv, installs them there, and
starts the script again in it. MICA_VENV names another folder.
"""
import importlib.util
import os
import pathlib
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = ROOT / "bench" / "requirements.txt"


def enter():
    packages = [line.split("==")[0] for line in REQUIREMENTS.read_text().split()]
    if all(importlib.util.find_spec(package) for package in packages):
        return
    folder = pathlib.Path(os.environ.get("MICA_VENV", ROOT / "build" / "venv"))
    python = folder / "bin" / "python"
    if pathlib.Path(sys.prefix) == folder:
        sys.exit(f"{folder} lacks packages of {REQUIREMENTS}: remove it and try again")
    stamp = folder / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != REQUIREMENTS.read_text():
        print(f"making {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS], check=True)
        stamp.write_text(REQUIREMENTS.read_text())
    os.execv(python, [str(python), *sys.argv])
