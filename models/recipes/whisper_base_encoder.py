"""The encoder of Whisper base as transformers' WhisperEncoder: 6 layers of 512, 8 heads, 30 s of 80 mel bins."""
from common import FLOAT, Graph, gelu, join_heads, layer_norm, linear, sdpa_attention, split_heads

LAYERS, WIDTH, HEADS, INNER, BINS, FRAMES = 6, 512, 8, 2048, 80, 3000


def conv(g, x, name, inside, stride):
    y = g.node("Conv", x, g.weight(f"{name}.weight", WIDTH, inside, 3), g.weight(f"{name}.bias", WIDTH, std=0.02),
               kernel_shape=[3], strides=[stride], pads=[1, 1], dilations=[1], group=1)
    return gelu(g, y)


def build():
    g = Graph("whisper_base_encoder")
    x = g.input("input_features", FLOAT, ["batch", BINS, FRAMES])
    x = conv(g, conv(g, x, "conv1", BINS, 1), "conv2", WIDTH, 2)
    x = g.add(g.node("Transpose", x, perm=[0, 2, 1]), g.weight("embed_positions.weight", FRAMES // 2, WIDTH, std=0.02))
    for layer in range(LAYERS):
        name = f"layers.{layer}"
        y = layer_norm(g, x, f"{name}.self_attn_layer_norm", WIDTH)
        q, k, v = (split_heads(g, linear(g, y, f"{name}.self_attn.{part}_proj", WIDTH, WIDTH, bias=part != "k"), HEADS,
                               WIDTH // HEADS) for part in ("q", "k", "v"))
        y = join_heads(g, sdpa_attention(g, q, k, v), HEADS, WIDTH // HEADS)
        x = g.add(x, linear(g, y, f"{name}.self_attn.out_proj", WIDTH, WIDTH))
        y = gelu(g, linear(g, layer_norm(g, x, f"{name}.final_layer_norm", WIDTH), f"{name}.fc1", WIDTH, INNER))
        x = g.add(x, linear(g, y, f"{name}.fc2", INNER, WIDTH))
    g.output("last_hidden_state", layer_norm(g, x, "layer_norm", WIDTH), FLOAT, ["batch", FRAMES // 2, WIDTH])
    return g.model()


MODELS = {"whisper_base_encoder": build}
