"""Whisper: convolutional audio encoder, and decoder with a self-attention cache."""

import torch
from common import noise, past_names, tokens, with_random_weights, write
from torch import nn
from transformers import (
    DynamicCache,
    EncoderDecoderCache,
    WhisperConfig,
    WhisperForConditionalGeneration,
)

VOCABULARY, LAYERS, HEADS, HEAD, MELS, FRAMES = 256, 2, 4, 8, 16, 24


class Encoder(nn.Module):
    def __init__(self, whisper):
        super().__init__()
        self.encoder = whisper.model.encoder

    def forward(self, input_features):
        return self.encoder(input_features).last_hidden_state


class Decoder(nn.Module):
    """Keeps the cache of self attention; cross attention is computed anew."""

    def __init__(self, whisper):
        super().__init__()
        self.decoder, self.head = whisper.model.decoder, whisper.proj_out

    def forward(self, input_ids, encoder_hidden_states, *past):
        cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        own = cache.self_attention_cache
        for layer in range(LAYERS):
            own.update(past[2 * layer], past[2 * layer + 1], layer)
        hidden = self.decoder(
            input_ids=input_ids,
            encoder_hidden_states=encoder_hidden_states,
            past_key_values=cache,
            use_cache=True,
        ).last_hidden_state
        return self.head(hidden), *(t for layer in own.layers for t in (layer.keys, layer.values))


def decoder_case(batch, length, past, source, seed):
    values = {
        "input_ids": tokens(VOCABULARY, batch, length, seed=seed),
        "encoder_hidden_states": noise(batch, source, HEADS * HEAD, seed=seed),
    }
    for index, name in enumerate(past_names("past_key_values", LAYERS)):
        values[name] = noise(batch, HEADS, past, HEAD, seed=seed + 1 + index)
    return values


def main():
    config = WhisperConfig(
        vocab_size=VOCABULARY,
        num_mel_bins=MELS,
        d_model=HEADS * HEAD,
        encoder_layers=LAYERS,
        decoder_layers=LAYERS,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_source_positions=FRAMES,
        max_target_positions=64,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
        attn_implementation="eager",
    )
    whisper = with_random_weights(WhisperForConditionalGeneration(config))

    cases = [{"input_features": noise(batch, MELS, 2 * FRAMES, seed=batch)} for batch in (2, 1)]
    axes = {"input_features": {0: "batch"}, "last_hidden_state": {0: "batch"}}
    write("whisper_encoder_tiny", Encoder(whisper).eval(), cases, ["last_hidden_state"], axes)

    cases = [decoder_case(2, 3, 5, 24, 0), decoder_case(1, 1, 11, 24, 10), decoder_case(2, 6, 0, 17, 20)]
    present = past_names("present", LAYERS)
    axes = {name: {0: "batch", 2: "past"} for name in past_names("past_key_values", LAYERS)}
    axes |= {name: {0: "batch", 2: "total"} for name in present}
    axes |= {name: {0: "batch", 1: "sequence"} for name in ["input_ids", "logits"]}
    axes["encoder_hidden_states"] = {0: "batch", 1: "source"}
    write("whisper_decoder_tiny", Decoder(whisper).eval(), cases, ["logits", *present], axes)


if __name__ == "__main__":
    main()
