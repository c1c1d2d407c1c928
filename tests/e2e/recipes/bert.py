"""BERT: encoder with padding mask and token types; sequence output and pooler."""

from common import padding_mask, tokens, with_random_weights, write
from torch import nn
from transformers import BertConfig, BertModel

VOCABULARY = 256


class Bert(nn.Module):
    def __init__(self, attention):
        super().__init__()
        self.bert = BertModel(
            BertConfig(
                vocab_size=VOCABULARY,
                hidden_size=32,
                num_hidden_layers=2,
                num_attention_heads=4,
                intermediate_size=64,
                max_position_embeddings=64,
                attn_implementation=attention,
            )
        )

    def forward(self, input_ids, attention_mask, token_type_ids):
        result = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return result.last_hidden_state, result.pooler_output


def case(length, lengths, seed):
    batch = len(lengths)
    return {
        "input_ids": tokens(VOCABULARY, batch, length, seed=seed),
        "attention_mask": padding_mask(lengths, length),
        "token_type_ids": tokens(2, batch, length, seed=seed + 1),
    }


def main():
    model = with_random_weights(Bert("eager"))
    cases = [case(9, [9, 6], 0), case(17, [17], 10), case(24, [3, 24, 11], 20)]
    outputs = ["last_hidden_state", "pooler_output"]
    axes = {name: {0: "batch", 1: "sequence"} for name in [*cases[0], "last_hidden_state"]}
    axes["pooler_output"] = {0: "batch"}
    write("bert_tiny", model, cases, outputs, axes)
    write("bert_tiny_dynamo", model, cases, outputs, axes, dynamo=True, opset=18)
    # Before opset 17 the exporter writes layer norms as arithmetic.
    write("bert_tiny_opset11", model, cases, outputs, axes, opset=11, folding=True)
    fused = with_random_weights(Bert("sdpa"))
    write("bert_tiny_sdpa_opset14", fused, cases, outputs, axes, opset=14)


if __name__ == "__main__":
    main()
