#!/usr/bin/env python3
"""Makes Mica's toy model: a one-layer causal transformer that sorts numbers.

    python train.py            train, then write ../toy.onnx and ../toy.reference.npz
    python train.py --export   the same, with the weights already in ../toy.onnx
    python train.py --check    compare ../toy.onnx in ONNX Runtime with the reference

The prompt is a list of distinct numbers and a separator; the model continues
with the same numbers in ascending order and an end mark:

    41 7 88 30 SEPARATOR  ->  7 30 41 88 END

The export is what torch.onnx.export leaves (TorchScript exporter, no constant
folding). It is changed in two ways only: four intermediate values have the
names in PROBES, so that a test can compare a runtime step by step, and the
metadata entry "mica.task" describes the task. Initializers keep their PyTorch
names, which is why --export can read the weights back from the model.
"""

import argparse
import json
import math
import time
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn import functional as F

MODEL = Path(__file__).resolve().parent.parent / "toy.onnx"
REFERENCE = MODEL.with_name("toy.reference.npz")

SEED = 2024
VOCABULARY, CONTEXT, WIDTH, HEADS, HIDDEN = 512, 128, 32, 2, 128

# Token layout. A number is its own token; the tokens after END are unused.
NUMBERS = 100
SEPARATOR = 100
END = 101
MIN_COUNT, MAX_COUNT = 2, 16
EXAMPLE = [41, 7, 88, 30, 99, 0, 63, 12]

STEPS, BATCH, LEARNING_RATE = 14000, 192, 4e-3
LABEL_SMOOTHING = 0.01  # keeps the logits small

PROBES = ["probe.embedding", "probe.attention", "probe.feed_forward", "probe.final_norm"]
REFERENCE_SHAPES = [(1, 128), (1, 1), (3, 17)]


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.output = nn.Linear(WIDTH, WIDTH)
        causal = torch.ones(CONTEXT, CONTEXT, dtype=torch.bool).tril()
        self.register_buffer("causal", causal.view(1, 1, CONTEXT, CONTEXT))

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = (
            part.view(batch, length, HEADS, width // HEADS).transpose(1, 2)
            for part in self.qkv(x).split(width, dim=2)
        )
        scores = q @ k.transpose(-2, -1) / math.sqrt(WIDTH // HEADS)
        scores = scores.masked_fill(~self.causal[:, :, :length, :length], float("-inf"))
        mixed = F.softmax(scores, dim=-1) @ v
        return self.output(mixed.transpose(1, 2).contiguous().view(batch, length, width))


class Toy(nn.Module):
    """Pre-norm transformer; returns the logits and the values named in PROBES."""

    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(CONTEXT, WIDTH)
        self.attention_norm = nn.LayerNorm(WIDTH)
        self.attention = Attention()
        self.feed_forward_norm = nn.LayerNorm(WIDTH)
        self.feed_forward = nn.Sequential(
            nn.Linear(WIDTH, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, WIDTH)
        )
        self.final_norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)
        nn.init.normal_(self.tokens.weight, std=0.5)
        nn.init.normal_(self.positions.weight, std=0.02)

    def forward(self, input_ids):
        positions = torch.arange(input_ids.shape[1], device=input_ids.device)
        embedding = self.tokens(input_ids) + self.positions(positions)
        attention = embedding + self.attention(self.attention_norm(embedding))
        feed_forward = attention + self.feed_forward(self.feed_forward_norm(attention))
        final_norm = self.final_norm(feed_forward)
        return self.head(final_norm), embedding, attention, feed_forward, final_norm


def sorting_batch(batch, count, generator):
    """Rows of `count` distinct numbers, SEPARATOR, the numbers sorted, END."""
    numbers = torch.rand(batch, NUMBERS, generator=generator).topk(count, dim=1).indices
    separator = torch.full((batch, 1), SEPARATOR)
    end = torch.full((batch, 1), END)
    return torch.cat([numbers, separator, numbers.sort(dim=1).values, end], dim=1)


def train(model):
    generator = torch.Generator().manual_seed(SEED)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.05
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=STEPS, pct_start=0.05
    )
    start = time.time()
    for step in range(1, STEPS + 1):
        count = int(torch.randint(MIN_COUNT, MAX_COUNT + 1, (), generator=generator))
        rows = sorting_batch(BATCH, count, generator)
        answers = model(rows[:, :-1])[0][:, count:]  # from the separator on
        loss = F.cross_entropy(
            answers.reshape(-1, VOCABULARY),
            rows[:, count + 1 :].reshape(-1),
            label_smoothing=LABEL_SMOOTHING,
        )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 500 == 0:
            print(f"step {step}  loss {loss.item():.5f}  {time.time() - start:.0f} s", flush=True)


@torch.no_grad()
def continue_greedily(model, prompts, length):
    rows = prompts
    for _ in range(length):
        rows = torch.cat([rows, model(rows)[0][:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return rows[:, prompts.shape[1] :]


def accuracy(model, prompts_per_count=1000):
    """How many fresh random prompts are continued exactly, greedily, per count."""
    generator = torch.Generator().manual_seed(SEED + 1)
    exact = {}
    for count in range(MIN_COUNT, MAX_COUNT + 1):
        rows = sorting_batch(prompts_per_count, count, generator)
        answers = continue_greedily(model, rows[:, : count + 1], count + 1)
        exact[count] = int((answers == rows[:, count + 1 :]).all(dim=1).sum())
    total = sum(exact.values())
    print("exact continuations per count:", exact)
    print(f"accuracy {total / (prompts_per_count * len(exact)):.4%} of fresh prompts")


def export(model):
    model.eval()
    torch.onnx.export(
        model,
        (torch.zeros(2, 5, dtype=torch.int64),),
        str(MODEL),
        dynamo=False,
        do_constant_folding=False,
        opset_version=17,
        input_names=["input_ids"],
        output_names=["logits", *PROBES],
        dynamic_axes={name: {0: "batch", 1: "seq"} for name in ["input_ids", "logits", *PROBES]},
    )
    # The probes were outputs only to receive their names.
    graph = onnx.load(MODEL)
    del graph.graph.output[1:]
    prompt = [*EXAMPLE, SEPARATOR]
    task = {
        "name": "sort",
        "description": "Distinct numbers and the separator; the model continues "
        "with the numbers in ascending order and the end token.",
        "numbers": [0, NUMBERS - 1],
        "count": [MIN_COUNT, MAX_COUNT],
        "separator": SEPARATOR,
        "end": END,
        "prompt": prompt,
        "continuation": [*sorted(EXAMPLE), END],
    }
    answer = continue_greedily(model, torch.tensor([prompt]), len(prompt))[0].tolist()
    assert answer == task["continuation"], answer
    onnx.helper.set_model_props(graph, {"mica.task": json.dumps(task)})
    onnx.checker.check_model(graph, full_check=True)
    onnx.save(graph, MODEL)


def weights_from_export():
    initializers = onnx.load(MODEL).graph.initializer
    return {i.name: torch.from_numpy(onnx.numpy_helper.to_array(i).copy()) for i in initializers}


@torch.no_grad()
def write_reference(model):
    """PyTorch's float32 values: a full context, one token, a batch of tasks."""
    generator = torch.Generator().manual_seed(SEED + 2)
    arrays = {}
    for batch, length in REFERENCE_SHAPES:
        if batch == 1:
            ids = torch.randint(0, VOCABULARY, (batch, length), generator=generator)
        else:
            ids = sorting_batch(batch, length // 2, generator)[:, :length]
        case = f"{batch}x{length}"
        arrays[f"{case}/input_ids"] = ids.numpy()
        for name, value in zip(["logits", *PROBES], model(ids)):
            arrays[f"{case}/{name}"] = value.numpy()
    np.savez(REFERENCE, **arrays)


def check():
    import onnxruntime

    graph = onnx.load(MODEL)
    for name in PROBES:
        graph.graph.output.append(onnx.ValueInfoProto(name=name))
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    arrays = np.load(REFERENCE)
    for case in sorted({key.split("/")[0] for key in arrays}):
        actual = session.run(["logits", *PROBES], {"input_ids": arrays[f"{case}/input_ids"]})
        for name, value in zip(["logits", *PROBES], actual):
            expected = arrays[f"{case}/{name}"]
            np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4)
            print(f"{case}/{name}: max difference {np.abs(value - expected).max():.2e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--export", action="store_true", help="do not train")
    parser.add_argument("--check", action="store_true", help="compare with ONNX Runtime only")
    arguments = parser.parse_args()

    warnings.filterwarnings("ignore", category=DeprecationWarning)  # the exporter is chosen
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    if not arguments.check:
        model = Toy()
        print(sum(p.numel() for p in model.parameters()), "parameters")
        if arguments.export:
            model.load_state_dict(weights_from_export(), strict=False)
        else:
            train(model)
        accuracy(model)
        export(model)
        write_reference(model)
    check()


if __name__ == "__main__":
    main()
