"""onnxsim and onnxslim, each in a process that takes one model after another: importing them takes longer than most models do."""
import json
import select
import subprocess
import sys

PEERS = {
    "onnxsim": "import onnxsim\n"
               "def simplify(given, output):\n"
               "    model, _ = onnxsim.simplify(onnx.load(given))\n"
               "    onnx.save(model, output)\n",
    "onnxslim": "import onnxslim\n"
                "def simplify(given, output):\n"
                "    onnx.save(onnxslim.slim(onnx.load(given)), output)\n",
}

# Lines in: the file to read and the one to write. Lines out: why it failed, or nothing. What a simplifier prints is dropped.
LOOP = """
import json, onnx, os, sys
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for line in sys.stdin:
    why = ""
    try:
        simplify(*json.loads(line))
    except BaseException as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[-1]
    print(json.dumps(why), file=answers, flush=True)
"""


class Peer:
    def __init__(self, name, timeout):
        self.code = "import onnx\n" + PEERS[name] + LOOP
        self.timeout = timeout
        self.process = None

    def simplify(self, given, output):
        """Returns why it failed, or nothing."""
        if self.process is None:
            self.process = subprocess.Popen([sys.executable, "-c", self.code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL, text=True)
        try:
            self.process.stdin.write(json.dumps([str(given), str(output)]) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return self.stop("it stopped")
        if not select.select([self.process.stdout], [], [], self.timeout)[0]:
            return self.stop(f"took over {self.timeout} s")
        answer = self.process.stdout.readline()
        return json.loads(answer)[:100] if answer else self.stop("it crashed")

    def stop(self, why=""):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None
        return why
