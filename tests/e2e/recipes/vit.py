"""ViT: patches by convolution, class token, encoder, classifier."""

from common import noise, with_random_weights, write
from torch import nn
from transformers import ViTConfig, ViTForImageClassification


class Vit(nn.Module):
    def __init__(self, attention):
        super().__init__()
        self.vit = ViTForImageClassification(
            ViTConfig(
                image_size=32,
                patch_size=8,
                hidden_size=32,
                num_hidden_layers=2,
                num_attention_heads=4,
                intermediate_size=64,
                num_labels=10,
                attn_implementation=attention,
            )
        )

    def forward(self, pixel_values):
        return self.vit(pixel_values).logits


def main():
    cases = [{"pixel_values": noise(batch, 3, 32, 32, seed=batch)} for batch in (2, 1, 5)]
    axes = {"pixel_values": {0: "batch"}, "logits": {0: "batch"}}
    # Opset 16 has no LayerNormalization: the exporter writes its arithmetic.
    eager = with_random_weights(Vit("eager"))
    write("vit_tiny", eager, cases, ["logits"], axes, opset=16)
    fused = with_random_weights(Vit("sdpa"))
    write("vit_tiny_dynamo", fused, cases, ["logits"], axes, dynamo=True, opset=18)


if __name__ == "__main__":
    main()
