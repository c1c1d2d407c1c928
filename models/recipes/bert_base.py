"""BERT-base as transformers' BertModel with eager attention: 12 layers of 768, 12 heads, 30522 words, 109 M parameters."""
import numpy as np

from common import FLOAT, INT64, Graph, eager_attention, gelu, join_heads, layer_norm, linear, padding_mask, split_heads

LAYERS, WIDTH, HEADS, INNER, WORDS, POSITIONS = 12, 768, 12, 3072, 30522, 512


def build():
    g = Graph("bert_base")
    dims = ["batch", "sequence"]
    ids, mask, types = (g.input(n, INT64, dims) for n in ("input_ids", "attention_mask", "token_type_ids"))
    bias = padding_mask(g, mask)

    words = g.node("Gather", g.weight("embeddings.word_embeddings.weight", WORDS, WIDTH, std=0.02), ids)
    kinds = g.node("Gather", g.weight("embeddings.token_type_embeddings.weight", 2, WIDTH, std=0.02), types)
    position_ids = g.tensor("embeddings.position_ids", np.arange(POSITIONS)[None])
    places = g.node("Gather", g.weight("embeddings.position_embeddings.weight", POSITIONS, WIDTH, std=0.02),
                    g.slice(position_ids, 1, 0, g.size(ids, 1)))
    x = layer_norm(g, g.add(g.add(words, kinds), places), "embeddings.LayerNorm", WIDTH, 1e-12)

    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        q, k, v = (split_heads(g, linear(g, x, f"{name}.attention.self.{part}", WIDTH, WIDTH), HEADS, WIDTH // HEADS)
                   for part in ("query", "key", "value"))
        y = join_heads(g, eager_attention(g, q, k, v, WIDTH // HEADS, bias), HEADS, WIDTH // HEADS)
        y = linear(g, y, f"{name}.attention.output.dense", WIDTH, WIDTH)
        x = layer_norm(g, g.add(y, x), f"{name}.attention.output.LayerNorm", WIDTH, 1e-12)
        y = gelu(g, linear(g, x, f"{name}.intermediate.dense", WIDTH, INNER))
        y = linear(g, y, f"{name}.output.dense", INNER, WIDTH)
        x = layer_norm(g, g.add(y, x), f"{name}.output.LayerNorm", WIDTH, 1e-12)

    g.output("last_hidden_state", x, FLOAT, dims + [WIDTH])
    first = g.node("Gather", x, g.const(0, np.int64), axis=1)
    pooled = g.node("Gemm", first, g.weight("pooler.dense.weight", WIDTH, WIDTH),
                    g.weight("pooler.dense.bias", WIDTH, std=0.02), transB=1)
    g.output("pooler_output", g.node("Tanh", pooled), FLOAT, ["batch", WIDTH])
    return g.model()


MODELS = {"bert_base": build}
