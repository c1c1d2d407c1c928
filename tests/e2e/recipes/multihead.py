"""torch.nn.MultiheadAttention with weights: heads and batch are one axis of matrices of rank 3."""

from common import noise, with_random_weights, write
from torch import nn

WIDTH = 32


class Multihead(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, 4)

    def forward(self, query, source):
        return self.attention(query, source, source, need_weights=True)[0]


def main():
    # The exporter takes the length of the source to be constant.
    cases = [
        {"query": noise(length, batch, WIDTH, seed=length), "source": noise(7, batch, WIDTH, seed=batch)}
        for length, batch in ((5, 2), (9, 3))
    ]
    axes = {"query": {0: "length", 1: "batch"}, "source": {1: "batch"}, "y": {0: "length", 1: "batch"}}
    write("mha_tiny", with_random_weights(Multihead()), cases, ["y"], axes, opset=14)


if __name__ == "__main__":
    main()
