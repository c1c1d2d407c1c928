"""The toy transformer's next size: causal, 4 layers of 256, 4 heads, 8192 words, learned positions, a head of its own."""
import numpy as np

from common import FLOAT, INT64, Graph, causal_mask, gelu, join_heads, layer_norm, linear, sdpa_attention, split_heads

LAYERS, WIDTH, HEADS, INNER, WORDS, POSITIONS = 4, 256, 4, 1024, 8192, 512


def build():
    g = Graph("small_causal")
    ids = g.input("input_ids", INT64, ["batch", "sequence"])
    length = g.size(ids, 1)
    mask = causal_mask(g, length, length)
    positions = g.node("Range", g.const(0, np.int64), length, g.const(1, np.int64))
    places = g.node("Gather", g.weight("positions.weight", POSITIONS, WIDTH, std=0.02), positions)
    x = g.add(g.node("Gather", g.weight("tokens.weight", WORDS, WIDTH, std=0.02), ids), places)
    for layer in range(LAYERS):
        name = f"layers.{layer}"
        y = linear(g, layer_norm(g, x, f"{name}.norm1", WIDTH), f"{name}.qkv", WIDTH, 3 * WIDTH)
        q, k, v = (split_heads(g, part, HEADS, WIDTH // HEADS)
                   for part in g.node("Split", y, g.ints(WIDTH, WIDTH, WIDTH), outputs=3, axis=2))
        y = join_heads(g, sdpa_attention(g, q, k, v, mask), HEADS, WIDTH // HEADS)
        x = g.add(x, linear(g, y, f"{name}.out", WIDTH, WIDTH))
        y = gelu(g, linear(g, layer_norm(g, x, f"{name}.norm2", WIDTH), f"{name}.up", WIDTH, INNER))
        x = g.add(x, linear(g, y, f"{name}.down", INNER, WIDTH))
    logits = linear(g, layer_norm(g, x, "norm", WIDTH), "head", WIDTH, WORDS, bias=False)
    g.output("logits", logits, FLOAT, ["batch", "sequence", WORDS])
    return g.model()


MODELS = {"small_causal": build}
