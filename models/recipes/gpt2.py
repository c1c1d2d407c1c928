"""GPT-2 of 124 M parameters as transformers' GPT2LMHeadModel: 12 layers of 768, 12 heads, 50257 words, the head tied to the
embedding. `gpt2` takes a whole sequence; `gpt2_past` goes on from a cache, which may be empty."""
import numpy as np

from common import FLOAT, INT64, Graph, causal_mask, eager_attention, gelu_tanh, join_heads, layer_norm, padding_mask

LAYERS, WIDTH, HEADS, INNER, WORDS, POSITIONS = 12, 768, 12, 3072, 50257, 1024
HEAD = WIDTH // HEADS


def conv1d(g, x, name, inside, outside):
    """transformers' Conv1D: a Gemm between two reshapes."""
    flat = g.reshape(x, -1, g.size(x, 2))
    y = g.node("Gemm", flat, g.weight(f"{name}.weight", inside, outside, std=inside ** -0.5),
               g.weight(f"{name}.bias", outside, std=0.02))
    return g.reshape(y, g.size(x, 0), g.size(x, 1), outside)


def heads(g, x):
    x = g.reshape(x, g.size(x, 0), g.size(x, 1), HEADS, HEAD)
    return g.node("Transpose", x, perm=[0, 2, 1, 3])


def build(past):
    g = Graph("gpt2")
    ids = g.input("input_ids", INT64, ["batch", "sequence"])
    length = total = g.size(ids, 1)
    caches = []
    if past:
        mask = g.input("attention_mask", INT64, ["batch", "total"])
        positions = g.input("position_ids", INT64, ["batch", "sequence"])
        for layer in range(LAYERS):
            caches.append([g.input(f"past_key_values.{layer}.{part}", FLOAT, ["batch", HEADS, "past", HEAD])
                           for part in ("key", "value")])
        total = g.add(g.size(caches[0][0], 2), length)
        bias = g.add(causal_mask(g, length, total), padding_mask(g, mask))
    else:
        positions = g.node("Unsqueeze", g.node("Range", g.const(0, np.int64), length, g.const(1, np.int64)), g.ints(0))
        bias = causal_mask(g, length, total)

    embedding = g.weight("transformer.wte.weight", WORDS, WIDTH, std=0.02)
    places = g.node("Gather", g.weight("transformer.wpe.weight", POSITIONS, WIDTH, std=0.02), positions)
    x = g.add(g.node("Gather", embedding, ids), places)
    for layer in range(LAYERS):
        name = f"transformer.h.{layer}"
        y = conv1d(g, layer_norm(g, x, f"{name}.ln_1", WIDTH), f"{name}.attn.c_attn", WIDTH, 3 * WIDTH)
        q, k, v = (heads(g, part) for part in g.node("Split", y, g.ints(WIDTH, WIDTH, WIDTH), outputs=3, axis=2))
        if past:
            k, v = (g.node("Concat", old, new, axis=-2) for old, new in zip(caches[layer], (k, v)))
            for part, value in (("key", k), ("value", v)):
                g.output(f"present.{layer}.{part}", value, FLOAT, ["batch", HEADS, "total", HEAD])
        y = join_heads(g, eager_attention(g, q, k, v, HEAD, bias), HEADS, HEAD)
        x = g.add(conv1d(g, y, f"{name}.attn.c_proj", WIDTH, WIDTH), x)
        y = gelu_tanh(g, conv1d(g, layer_norm(g, x, f"{name}.ln_2", WIDTH), f"{name}.mlp.c_fc", WIDTH, INNER))
        x = g.add(x, conv1d(g, y, f"{name}.mlp.c_proj", INNER, WIDTH))
    x = layer_norm(g, x, "transformer.ln_f", WIDTH)
    logits = g.node("MatMul", x, g.node("Transpose", embedding, perm=[1, 0]))
    g.output("logits", logits, FLOAT, ["batch", "sequence", WORDS])
    return g.model()


MODELS = {"gpt2": lambda: build(False), "gpt2_past": lambda: build(True)}
