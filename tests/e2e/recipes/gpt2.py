"""GPT-2: decoder with a key/value cache, for the prompt and for one token."""

import torch
from common import WithPast, noise, past_names, tokens, with_random_weights, write
from transformers import GPT2Config, GPT2LMHeadModel

VOCABULARY, LAYERS, HEADS, HEAD = 256, 2, 4, 8


def make():
    config = GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=64,
        n_embd=HEADS * HEAD,
        n_layer=LAYERS,
        n_head=HEADS,
        attn_implementation="eager",
    )
    inputs = ["input_ids", "attention_mask", "position_ids"]
    return with_random_weights(WithPast(GPT2LMHeadModel(config), inputs, LAYERS))


def case(batch, length, past, seed):
    values = {
        "input_ids": tokens(VOCABULARY, batch, length, seed=seed),
        "attention_mask": torch.ones(batch, past + length, dtype=torch.int64),
        "position_ids": torch.arange(past, past + length).expand(batch, length).contiguous(),
    }
    for index, name in enumerate(past_names("past_key_values", LAYERS)):
        values[name] = noise(batch, HEADS, past, HEAD, seed=seed + 1 + index)
    return values


def main():
    model = make()
    # A piece of prompt after a cache; one token; a prompt with an empty cache.
    cases = [case(2, 3, 5, 0), case(1, 1, 12, 10), case(2, 7, 0, 20)]
    present = past_names("present", LAYERS)
    axes = {name: {0: "batch", 2: "past"} for name in past_names("past_key_values", LAYERS)}
    axes |= {name: {0: "batch", 2: "total"} for name in present}
    axes |= {name: {0: "batch", 1: "sequence"} for name in ["input_ids", "position_ids", "logits"]}
    axes["attention_mask"] = {0: "batch", 1: "total"}
    write("gpt2_past_tiny", model, cases, ["logits", *present], axes)
    write("gpt2_past_tiny_dynamo", model, cases, ["logits", *present], axes, dynamo=True, opset=18)


if __name__ == "__main__":
    main()
