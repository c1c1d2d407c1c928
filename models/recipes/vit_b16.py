"""ViT-B/16 as transformers' ViTForImageClassification, opset 16: layer norm is arithmetic. 12 layers of 768, 86 M parameters."""
import numpy as np

from common import FLOAT, Graph, gelu, join_heads, layer_norm, linear, sdpa_attention, split_heads

LAYERS, WIDTH, HEADS, INNER, IMAGE, PATCH, CLASSES = 12, 768, 12, 3072, 224, 16, 1000


def build():
    g = Graph("vit_b16", opset=16)
    pixels = g.input("pixel_values", FLOAT, ["batch", 3, IMAGE, IMAGE])
    x = g.node("Conv", pixels, g.weight("embeddings.projection.weight", WIDTH, 3, PATCH, PATCH),
               g.weight("embeddings.projection.bias", WIDTH, std=0.02), kernel_shape=[PATCH, PATCH],
               strides=[PATCH, PATCH], pads=[0, 0, 0, 0], dilations=[1, 1], group=1)
    x = g.node("Transpose", g.reshape(x, g.size(x, 0), g.size(x, 1), -1), perm=[0, 2, 1])
    token = g.node("Expand", g.weight("embeddings.cls_token", 1, 1, WIDTH, std=0.02), g.shape(g.size(pixels, 0), 1, WIDTH))
    places = g.weight("embeddings.position_embeddings", 1, (IMAGE // PATCH) ** 2 + 1, WIDTH, std=0.02)
    x = g.add(g.node("Concat", token, x, axis=1), places)
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        y = layer_norm(g, x, f"{name}.layernorm_before", WIDTH, 1e-12)
        q, k, v = (split_heads(g, linear(g, y, f"{name}.attention.attention.{part}", WIDTH, WIDTH), HEADS, WIDTH // HEADS)
                   for part in ("query", "key", "value"))
        y = join_heads(g, sdpa_attention(g, q, k, v), HEADS, WIDTH // HEADS)
        x = g.add(linear(g, y, f"{name}.attention.output.dense", WIDTH, WIDTH), x)
        y = layer_norm(g, x, f"{name}.layernorm_after", WIDTH, 1e-12)
        y = gelu(g, linear(g, y, f"{name}.intermediate.dense", WIDTH, INNER))
        x = g.add(linear(g, y, f"{name}.output.dense", INNER, WIDTH), x)
    first = g.node("Gather", layer_norm(g, x, "layernorm", WIDTH, 1e-12), g.const(0, np.int64), axis=1)
    logits = g.node("Gemm", first, g.weight("classifier.weight", CLASSES, WIDTH),
                    g.weight("classifier.bias", CLASSES, std=0.02), transB=1)
    g.output("logits", logits, FLOAT, ["batch", CLASSES])
    return g.model()


MODELS = {"vit_b16": build}
