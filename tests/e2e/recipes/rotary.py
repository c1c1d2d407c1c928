"""Decoders that turn pairs otherwise than LLaMA: partly, interleaved, by tables; Gemma 2 with capped scores."""

from common import padded_tokens, with_random_weights, write
from torch import nn
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GPTJConfig,
    GPTJForCausalLM,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
)

VOCABULARY = 256


class Decoder(nn.Module):
    def __init__(self, decoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, input_ids, attention_mask):
        return self.decoder(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).logits


def main():
    cases = [padded_tokens(VOCABULARY, 7, [7, 5], 0), padded_tokens(VOCABULARY, 12, [12], 10)]
    axes = {name: {0: "batch", 1: "sequence"} for name in [*cases[0], "logits"]}

    def export(name, decoder, **how):
        write(name, with_random_weights(Decoder(decoder)), cases, ["logits"], axes, **how)

    common = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
        "attn_implementation": "eager",
    }
    # Half of each head is turned; both norms of a layer are of the same values.
    neox = GPTNeoXConfig(**common, rotary_pct=0.5)
    export("neox_tiny", GPTNeoXForCausalLM(neox), opset=14)
    # Neighbours are turned against each other, by a table.
    gptj = GPTJConfig(vocab_size=VOCABULARY, n_positions=64, n_embd=32, n_layer=2, n_head=4, rotary_dim=4)
    export("gptj_tiny", GPTJForCausalLM(gptj), folding=True)
    # Capped scores, norms that scale by 1 + w, and a window that slides.
    gemma = Gemma2Config(**common, num_key_value_heads=2, head_dim=8, sliding_window=4)
    export("gemma2_tiny", Gemma2ForCausalLM(gemma), folding=True)


if __name__ == "__main__":
    main()
