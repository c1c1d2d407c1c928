#!/usr/bin/env python3
"""Compares two results of bench/compare_ort.py --json: is Mica faster, slower or the same?

    bench/compare_runs.py before.json after.json [--raw] [--least 2]

A row is called faster or slower only when its medians differ by more than the noise: three standard errors of their ratio, estimated
from the spread of the rounds (median absolute deviation), and at least --least per cent. By default a round's time is taken
relative to ONNX Runtime's in the same round, so that a machine that got slower in between does not count; --raw compares
times as they are. Exit code 1 when a row got slower.
"""
import argparse
import json
import math
import pathlib
import statistics
import sys

SPREAD_TO_DEVIATION = 1.4826  # of normal numbers: their deviation, from the median absolute deviation
MEDIAN_TO_MEAN = 1.2533       # of normal numbers: how much less certain a median is than a mean
ERRORS = 3


def estimate(samples):
    """The median of the logarithms, and its standard error. Of a single sample nothing is known: infinite."""
    logs = [math.log(sample) for sample in samples]
    middle = statistics.median(logs)
    if len(logs) < 2:
        return middle, math.inf
    deviation = SPREAD_TO_DEVIATION * statistics.median(abs(x - middle) for x in logs)
    return middle, MEDIAN_TO_MEAN * deviation / math.sqrt(len(logs))


def samples(row, raw):
    times = row["mica"]["p50_us"]
    return times if raw else [mica / ort for mica, ort in zip(times, row["ort"]["p50_us"])]


def verdict(before, after, raw, least):
    """(ratio of times, noise as a part, word)"""
    (a, a_error), (b, b_error) = (estimate(samples(row, raw)) for row in (before, after))
    noise = ERRORS * math.hypot(a_error, b_error)
    change = b - a
    if abs(change) <= max(noise, math.log1p(least / 100)):
        return math.exp(change), noise, "same"
    return math.exp(change), noise, "slower" if change > 0 else "faster"


def rows_of(path):
    rows = json.loads(pathlib.Path(path).read_text())["rows"]
    return {(row["model"], row["threads"]): row for row in rows if "error" not in row}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--raw", action="store_true", help="times as they are, not relative to ONNX Runtime's")
    parser.add_argument("--least", type=float, default=2, metavar="PERCENT", help="smaller changes are the same")
    arguments = parser.parse_args()
    before, after = rows_of(arguments.before), rows_of(arguments.after)
    changes, words = [], []
    print(f"{'model':<44} {'thr':>3} {'before us':>11} {'after us':>11} {'time':>8} {'noise':>8}")
    for key in [key for key in before if key in after]:
        ratio, noise, word = verdict(before[key], after[key], arguments.raw, arguments.least)
        medians = (statistics.median(rows[key]["mica"]["p50_us"]) for rows in (before, after))
        print(f"{key[0]:<44} {key[1]:>3} " + " ".join(f"{value:>11.1f}" for value in medians) +
              f" {ratio - 1:>+7.1%} {f'{noise:.1%}' if math.isfinite(noise) else 'unknown':>8} {word}")
        changes.append(ratio)
        words.append(word)
    for title, one, other in (("only before", before, after), ("only after", after, before)):
        for model, threads in [key for key in one if key not in other]:
            print(f"{title}: {model}, {threads} threads")
    if changes:
        print(f"geometric mean {statistics.geometric_mean(changes) - 1:+.1%} of time: " +
              ", ".join(f"{words.count(word)} {word}" for word in ("faster", "same", "slower")))
    return 1 if "slower" in words else 0


if __name__ == "__main__":
    sys.exit(main())
