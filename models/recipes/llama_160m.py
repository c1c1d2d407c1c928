"""A LLaMA of about 160 M parameters with grouped queries, as transformers' LlamaForCausalLM with a cache: 12 layers of 768,
12 query and 4 key heads, rotary positions, RMS norm, SiLU-gated layers of 3072, 32000 words."""
import numpy as np

from common import FLOAT, INT64, Graph, causal_mask, join_heads, linear, padding_mask, sdpa_attention, split_heads

LAYERS, WIDTH, HEADS, KEY_HEADS, INNER, WORDS = 12, 768, 12, 4, 3072, 32000
HEAD = WIDTH // HEADS


def rms_norm(g, x, name):
    square = g.node("ReduceMean", g.node("Pow", x, g.const(2.0)), axes=[-1])
    inverse = g.node("Div", g.const(1.0), g.node("Sqrt", g.add(square, g.const(1e-6))))
    return g.mul(g.weight(f"{name}.weight", WIDTH, std=0.02, mean=1), g.mul(x, inverse))


def rotary_tables(g, positions):
    """[batch, 1, length, HEAD] cosines and sines."""
    frequencies = g.const((10000.0 ** (-np.arange(0, HEAD, 2) / HEAD))[None, :, None])
    frequencies = g.node("Expand", frequencies, g.shape(g.size(positions, 0), HEAD // 2, 1))
    places = g.node("Cast", g.node("Unsqueeze", positions, g.ints(1)), to=FLOAT)
    angles = g.node("Transpose", g.node("MatMul", frequencies, places), perm=[0, 2, 1])
    angles = g.node("Concat", angles, angles, axis=-1)
    return [g.node("Unsqueeze", g.mul(g.node(f, angles), g.const(1.0)), g.ints(1)) for f in ("Cos", "Sin")]


def rotate(g, x, cos, sin):
    last = g.size(x, 3)
    half = g.node("Div", last, g.const(2, np.int64))
    turned = g.node("Concat", g.node("Neg", g.slice(x, 3, half, 2 ** 63 - 1)), g.slice(x, 3, 0, half), axis=-1)
    return g.add(g.mul(x, cos), g.mul(turned, sin))


def repeated(g, x):
    """Key heads to query heads: repeat_kv."""
    repeat = HEADS // KEY_HEADS
    batch, length = g.size(x, 0), g.size(x, 2)
    x = g.node("Expand", g.node("Unsqueeze", x, g.ints(2)), g.shape(batch, KEY_HEADS, repeat, length, HEAD))
    return g.reshape(x, batch, HEADS, length, HEAD)


def build():
    g = Graph("llama_160m")
    ids = g.input("input_ids", INT64, ["batch", "sequence"])
    mask = g.input("attention_mask", INT64, ["batch", "total"])
    positions = g.input("position_ids", INT64, ["batch", "sequence"])
    caches = [[g.input(f"past_key_values.{layer}.{part}", FLOAT, ["batch", KEY_HEADS, "past", HEAD])
               for part in ("key", "value")] for layer in range(LAYERS)]
    length = g.size(ids, 1)
    total = g.add(g.size(caches[0][0], 2), length)
    bias = g.add(causal_mask(g, length, total), padding_mask(g, mask))
    cos, sin = rotary_tables(g, positions)

    x = g.node("Gather", g.weight("model.embed_tokens.weight", WORDS, WIDTH, std=0.02), ids)
    for layer in range(LAYERS):
        name = f"model.layers.{layer}"
        y = rms_norm(g, x, f"{name}.input_layernorm")
        q = split_heads(g, linear(g, y, f"{name}.self_attn.q_proj", WIDTH, WIDTH, bias=False), HEADS, HEAD)
        k, v = (split_heads(g, linear(g, y, f"{name}.self_attn.{part}_proj", WIDTH, KEY_HEADS * HEAD, bias=False),
                            KEY_HEADS, HEAD) for part in ("k", "v"))
        q, k = rotate(g, q, cos, sin), rotate(g, k, cos, sin)
        k, v = (g.node("Concat", old, new, axis=-2) for old, new in zip(caches[layer], (k, v)))
        for part, value in (("key", k), ("value", v)):
            g.output(f"present.{layer}.{part}", value, FLOAT, ["batch", KEY_HEADS, "total", HEAD])
        y = join_heads(g, sdpa_attention(g, q, repeated(g, k), repeated(g, v), bias), HEADS, HEAD)
        x = g.add(x, linear(g, y, f"{name}.self_attn.o_proj", WIDTH, WIDTH, bias=False))
        y = rms_norm(g, x, f"{name}.post_attention_layernorm")
        gate = linear(g, y, f"{name}.mlp.gate_proj", WIDTH, INNER, bias=False)
        up = linear(g, y, f"{name}.mlp.up_proj", WIDTH, INNER, bias=False)
        y = g.mul(g.mul(gate, g.node("Sigmoid", gate)), up)
        x = g.add(x, linear(g, y, f"{name}.mlp.down_proj", INNER, WIDTH, bias=False))
    logits = linear(g, rms_norm(g, x, "model.norm"), "lm_head", WIDTH, WORDS, bias=False)
    g.output("logits", logits, FLOAT, ["batch", "sequence", WORDS])
    return g.model()


MODELS = {"llama_160m": build}
