"""LLaMA style: RMS norm, rotary positions, grouped queries, gated SiLU, cache."""

import torch
from common import WithPast, noise, past_names, tokens, with_random_weights, write
from transformers import LlamaConfig, LlamaForCausalLM

VOCABULARY, LAYERS, HEADS, KEY_HEADS, HEAD = 256, 2, 4, 2, 8


def make(attention):
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=HEADS * HEAD,
        intermediate_size=64,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=KEY_HEADS,
        max_position_embeddings=128,
        tie_word_embeddings=False,
        attn_implementation=attention,
    )
    inputs = ["input_ids", "attention_mask", "position_ids"]
    return with_random_weights(WithPast(LlamaForCausalLM(config), inputs, LAYERS))


def case(padding, length, past, seed):
    """padding: for each row, how many positions at the left are padding."""
    batch, total = len(padding), past + length
    mask = (torch.arange(total) >= torch.tensor(padding)[:, None]).long()
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, past:]
    values = {
        "input_ids": tokens(VOCABULARY, batch, length, seed=seed),
        "attention_mask": mask,
        "position_ids": positions.contiguous(),
    }
    for index, name in enumerate(past_names("past_key_values", LAYERS)):
        values[name] = noise(batch, KEY_HEADS, past, HEAD, seed=seed + 1 + index)
    return values


def halved(value):
    return value.half() if value.is_floating_point() else value


def main():
    # A piece of prompt after a cache; one token; a prompt with an empty cache.
    cases = [case([0, 2], 3, 5, 0), case([0], 1, 30, 10), case([0, 3, 1], 9, 0, 20)]
    present = past_names("present", LAYERS)
    axes = {name: {0: "batch", 2: "past"} for name in past_names("past_key_values", LAYERS)}
    axes |= {name: {0: "batch", 2: "total"} for name in present}
    axes |= {name: {0: "batch", 1: "sequence"} for name in ["input_ids", "position_ids", "logits"]}
    axes["attention_mask"] = {0: "batch", 1: "total"}
    outputs = ["logits", *present]
    eager = make("eager")
    write("llama_gqa_past_tiny", eager, cases, outputs, axes)
    write("llama_gqa_past_tiny_dynamo", eager, cases, outputs, axes, dynamo=True, opset=18)
    # Opset 23 has Attention and RMSNormalization as operators. What Attention
    # gives a row that may see nothing is not agreed upon: no padding there.
    fused = make("sdpa")
    unmasked = [*cases[:2], case([0, 0, 0], 9, 0, 20)]
    write("llama_gqa_past_tiny_opset23", fused, unmasked, outputs, axes, dynamo=True, opset=23)
    # Half precision: norms and softmax are computed as float, between Casts.
    halves = [{name: halved(value) for name, value in case.items()} for case in unmasked]
    how = {"opset": 17, "folding": True, "tolerance": {"rtol": 1e-2, "atol": 2e-2}}
    write("llama_gqa_past_tiny_half", make("eager").half(), halves, outputs, axes, **how)


if __name__ == "__main__":
    main()
