"""CLIP's text encoder: causal, with the quick GELU x * sigmoid(1.702 x)."""

from common import padded_tokens, with_random_weights, write
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel

VOCABULARY = 256


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.clip = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=VOCABULARY,
                hidden_size=32,
                num_hidden_layers=2,
                num_attention_heads=4,
                intermediate_size=64,
                max_position_embeddings=64,
                eos_token_id=2,
                attn_implementation="sdpa",
            )
        )

    def forward(self, input_ids, attention_mask):
        return self.clip(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


def main():
    cases = [padded_tokens(VOCABULARY, 7, [7, 5], 0), padded_tokens(VOCABULARY, 12, [12], 10)]
    axes = {name: {0: "batch", 1: "sequence"} for name in [*cases[0], "last_hidden_state"]}
    write("clip_text_tiny", with_random_weights(Text()), cases, ["last_hidden_state"], axes, folding=True)


if __name__ == "__main__":
    main()
