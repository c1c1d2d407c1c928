#!/usr/bin/env python3
"""bench/compare_runs.py on results that are made up: what is more than noise, and what is not."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parent.parent.parent / "bench" / "compare_runs.py"


def results(mica, ort):
    rows = [{"model": "m", "threads": 1, "mica": {"p50_us": mica}, "ort": {"p50_us": ort}},
            {"model": "broken", "threads": 1, "error": "no such file"}]
    return {"rows": rows}


class CompareRuns(unittest.TestCase):
    def compare(self, before, after, *flags):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder) / name for name in ("before.json", "after.json")]
            for path, result in zip(paths, (before, after)):
                path.write_text(json.dumps(result))
            done = subprocess.run([sys.executable, SCRIPT, *paths, *flags], capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        row = next(line for line in done.stdout.splitlines() if line.startswith("m "))
        return row.split()[-1], done.returncode

    def test_a_change_beyond_the_spread_counts(self):
        before = results([100, 101, 99, 100, 102], [200, 200, 201, 199, 200])
        self.assertEqual(self.compare(before, results([90, 91, 89, 90, 92], [200] * 5)), ("faster", 0))
        self.assertEqual(self.compare(before, results([115, 113, 114, 115, 117], [200] * 5)), ("slower", 1))

    def test_a_change_within_the_spread_does_not(self):
        before = results([100, 140, 80, 120, 95], [200] * 5)
        self.assertEqual(self.compare(before, results([115, 150, 90, 130, 105], [200] * 5)), ("same", 0))
        self.assertEqual(self.compare(before, before), ("same", 0))

    def test_a_slower_machine_is_no_change(self):
        before = results([100, 101, 99, 100, 102], [200, 202, 198, 200, 204])
        after = results([150, 151, 149, 150, 152], [300, 302, 298, 300, 304])
        self.assertEqual(self.compare(before, after), ("same", 0))
        self.assertEqual(self.compare(before, after, "--raw"), ("slower", 1))

    def test_small_changes_and_single_samples_say_nothing(self):
        before, after = results([100] * 5, [200] * 5), results([101] * 5, [200] * 5)
        self.assertEqual(self.compare(before, after), ("same", 0))
        self.assertEqual(self.compare(before, after, "--least", "0.5"), ("slower", 1))
        self.assertEqual(self.compare(results([100], [200]), results([50], [200])), ("same", 0))


if __name__ == "__main__":
    unittest.main()
