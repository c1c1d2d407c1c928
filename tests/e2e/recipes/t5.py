"""T5: relative position bias, RMS norm, cross attention with a padding mask."""

from common import noise, padded_tokens, padding_mask, tokens, with_random_weights, write
from torch import nn
from transformers import T5Config, T5ForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutput

VOCABULARY, WIDTH = 256, 32


class Encoder(nn.Module):
    def __init__(self, t5):
        super().__init__()
        self.encoder = t5.encoder

    def forward(self, input_ids, attention_mask):
        return self.encoder(input_ids, attention_mask=attention_mask).last_hidden_state


class Decoder(nn.Module):
    def __init__(self, t5):
        super().__init__()
        self.t5 = t5

    def forward(self, decoder_input_ids, encoder_hidden_states, encoder_attention_mask):
        return self.t5(
            decoder_input_ids=decoder_input_ids,
            encoder_outputs=BaseModelOutput(last_hidden_state=encoder_hidden_states),
            attention_mask=encoder_attention_mask,
            use_cache=False,
        ).logits


def decoder_case(length, source, lengths, seed):
    return {
        "decoder_input_ids": tokens(VOCABULARY, len(lengths), length, seed=seed),
        "encoder_hidden_states": noise(len(lengths), source, WIDTH, seed=seed),
        "encoder_attention_mask": padding_mask(lengths, source),
    }


def main():
    config = T5Config(
        vocab_size=VOCABULARY,
        d_model=WIDTH,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_decoder_layers=2,
        num_heads=4,
        relative_attention_num_buckets=16,
        relative_attention_max_distance=40,
        feed_forward_proj="gated-gelu",
        decoder_start_token_id=0,
        attn_implementation="eager",
    )
    t5 = with_random_weights(T5ForConditionalGeneration(config))

    # The longest reaches past the largest relative distance.
    cases = [padded_tokens(VOCABULARY, 9, [9, 5], 0), padded_tokens(VOCABULARY, 50, [50], 10)]
    axes = {n: {0: "batch", 1: "sequence"} for n in [*cases[0], "last_hidden_state"]}
    write("t5_encoder_tiny", Encoder(t5).eval(), cases, ["last_hidden_state"], axes)

    cases = [decoder_case(4, 9, [9, 5], 0), decoder_case(1, 6, [6], 10), decoder_case(45, 12, [7, 12, 1], 20)]
    axes = {n: {0: "batch", 1: "sequence"} for n in ["decoder_input_ids", "logits"]}
    axes |= {n: {0: "batch", 1: "source"} for n in ["encoder_hidden_states", "encoder_attention_mask"]}
    write("t5_decoder_tiny", Decoder(t5).eval(), cases, ["logits"], axes)


if __name__ == "__main__":
    main()
