"""The architectures of models/recipes as PyTorch writes them, with the same sizes and weights that are random numbers: for
bench/compare_torch.py. Attention is scaled_dot_product_attention, what PyTorch users get.

`make(name, dims, device, dtype)` returns a module and its inputs; dims are the free ones of the recipe.
"""
import dataclasses

import torch
from torch import nn
from torch.nn import functional as F


@dataclasses.dataclass
class Sizes:
    layers: int
    width: int
    heads: int
    inner: int
    key_heads: int = 0  # 0: as many as heads
    words: int = 0
    positions: int = 0
    epsilon: float = 1e-5
    tied: bool = False  # logits by the matrix of the embedding
    gated: bool = False  # SiLU-gated layers, RMS norms and rotary positions, without biases: LLaMA
    tanh: bool = False  # GELU by its tanh form
    after: bool = False  # norms stand behind the sums: BERT
    key_bias: bool = True


SIZES = {
    "bert_base": Sizes(12, 768, 12, 3072, words=30522, positions=512, epsilon=1e-12, after=True),
    "gpt2": Sizes(12, 768, 12, 3072, words=50257, positions=1024, tied=True, tanh=True),
    "gpt2_past": Sizes(12, 768, 12, 3072, words=50257, positions=1024, tied=True, tanh=True),
    "llama_160m": Sizes(12, 768, 12, 3072, key_heads=4, words=32000, epsilon=1e-6, gated=True),
    "small_causal": Sizes(4, 256, 4, 1024, words=8192, positions=512),
    "vit_b16": Sizes(12, 768, 12, 3072, epsilon=1e-12),
    "whisper_base_encoder": Sizes(6, 512, 8, 2048, key_bias=False),
}


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


class Layer(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.s, bias = s, not s.gated
        self.width, self.key_heads = s.width // s.heads, s.key_heads or s.heads
        norm = nn.RMSNorm if s.gated else nn.LayerNorm
        self.norm1, self.norm2 = norm(s.width, eps=s.epsilon), norm(s.width, eps=s.epsilon)
        self.qkv = nn.Linear(s.width, (s.heads + 2 * self.key_heads) * self.width, bias=bias)
        self.out = nn.Linear(s.width, s.width, bias=bias)
        self.up = nn.Linear(s.width, s.inner, bias=bias)
        self.gate = nn.Linear(s.width, s.inner, bias=False) if s.gated else None
        self.down = nn.Linear(s.inner, s.width, bias=bias)

    def attention(self, x, mask, causal, past, rotary):
        batch, length, _ = x.shape
        sizes = [heads * self.width for heads in (self.s.heads, self.key_heads, self.key_heads)]
        q, k, v = (part.view(batch, length, -1, self.width).transpose(1, 2) for part in self.qkv(x).split(sizes, -1))
        if rotary is not None:
            q, k = rotate(q, *rotary), rotate(k, *rotary)
        if past is not None:
            k, v = torch.cat((past[0], k), 2), torch.cat((past[1], v), 2)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal,
                                           enable_gqa=self.key_heads != self.s.heads)
        return self.out(y.transpose(1, 2).reshape(batch, length, -1)), (k, v)

    def feed(self, x):
        if self.gate is not None:
            return self.down(F.silu(self.gate(x)) * self.up(x))
        return self.down(F.gelu(self.up(x), approximate="tanh" if self.s.tanh else "none"))

    def forward(self, x, mask=None, causal=False, past=None, rotary=None):
        if self.s.after:
            y, kv = self.attention(x, mask, causal, past, rotary)
            x = self.norm1(x + y)
            return self.norm2(x + self.feed(x)), kv
        y, kv = self.attention(self.norm1(x), mask, causal, past, rotary)
        x = x + y
        return x + self.feed(self.norm2(x)), kv


class Transformer(nn.Module):
    """Of words: ids, and in a decoder with a cache the mask of padding, positions and earlier keys and values."""

    def __init__(self, s, causal):
        super().__init__()
        self.s, self.causal = s, causal
        self.words = nn.Embedding(s.words, s.width)
        self.places = nn.Embedding(s.positions, s.width) if s.positions else None
        self.layers = nn.ModuleList(Layer(s) for _ in range(s.layers))
        norm = nn.RMSNorm if s.gated else nn.LayerNorm
        self.norm = norm(s.width, eps=s.epsilon)
        self.head = nn.Linear(s.width, s.words, bias=False)
        if s.tied:
            self.head.weight = self.words.weight

    def forward(self, ids, mask=None, positions=None, caches=None):
        x = self.words(ids)
        if positions is None:
            positions = torch.arange(ids.shape[1], device=ids.device)[None]
        if self.places is not None:
            x = x + self.places(positions)
        rotary = None
        if self.s.gated:
            half = torch.arange(0, self.s.width // self.s.heads, 2, device=ids.device)
            angles = positions[..., None] * 10000.0 ** (-half / (self.s.width // self.s.heads))
            angles = torch.cat((angles, angles), -1)[:, None]
            rotary = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        seen = None if mask is None else mask[:, None, None, :].bool()
        present = []
        for i, layer in enumerate(self.layers):
            x, kv = layer(x, seen, self.causal and caches is None, None if caches is None else caches[i], rotary)
            present.append(kv)
        return self.head(self.norm(x)), present if caches is not None else None


class Bert(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.words, self.kinds = nn.Embedding(s.words, s.width), nn.Embedding(2, s.width)
        self.places = nn.Embedding(s.positions, s.width)
        self.norm = nn.LayerNorm(s.width, eps=s.epsilon)
        self.layers = nn.ModuleList(Layer(s) for _ in range(s.layers))
        self.pooler = nn.Linear(s.width, s.width)

    def forward(self, ids, mask, types):
        x = self.words(ids) + self.kinds(types) + self.places(torch.arange(ids.shape[1], device=ids.device))
        x, seen = self.norm(x), mask[:, None, None, :].bool()
        for layer in self.layers:
            x, _ = layer(x, seen)
        return x, torch.tanh(self.pooler(x[:, 0]))


class Vit(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.patches = nn.Conv2d(3, s.width, 16, 16)
        self.token = nn.Parameter(torch.randn(1, 1, s.width))
        self.places = nn.Parameter(torch.randn(1, 197, s.width))
        self.layers = nn.ModuleList(Layer(s) for _ in range(s.layers))
        self.norm, self.classes = nn.LayerNorm(s.width, eps=s.epsilon), nn.Linear(s.width, 1000)

    def forward(self, pixels):
        x = self.patches(pixels).flatten(2).transpose(1, 2)
        x = torch.cat((self.token.expand(len(x), -1, -1), x), 1) + self.places
        for layer in self.layers:
            x, _ = layer(x)
        return self.classes(self.norm(x)[:, 0])


class Whisper(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.conv1 = nn.Conv1d(80, s.width, 3, padding=1)
        self.conv2 = nn.Conv1d(s.width, s.width, 3, stride=2, padding=1)
        self.places = nn.Parameter(torch.randn(1500, s.width))
        self.layers = nn.ModuleList(Layer(s) for _ in range(s.layers))
        self.norm = nn.LayerNorm(s.width, eps=s.epsilon)

    def forward(self, features):
        x = F.gelu(self.conv2(F.gelu(self.conv1(features)))).transpose(1, 2) + self.places
        for layer in self.layers:
            x, _ = layer(x)
        return self.norm(x)


def make(name, dims, device, dtype):
    torch.manual_seed(0)
    s, batch = SIZES[name], dims.get("batch", 1)
    ids = lambda *shape: torch.ones(shape, dtype=torch.int64, device=device)
    numbers = lambda *shape: torch.randn(shape, device=device).to(dtype)
    with torch.device(device):
        if name == "bert_base":
            length = dims.get("sequence", 128)
            model, inputs = Bert(s), [ids(batch, length), ids(batch, length), torch.zeros_like(ids(batch, length))]
        elif name == "vit_b16":
            model, inputs = Vit(s), [numbers(batch, 3, 224, 224)]
        elif name == "whisper_base_encoder":
            model, inputs = Whisper(s), [numbers(batch, 80, 3000)]
        else:
            length, past = dims.get("sequence", 128), dims.get("past")
            model, inputs = Transformer(s, causal=True), [ids(batch, length)]
            if past is not None:
                cache = lambda: numbers(batch, s.key_heads or s.heads, past, s.width // s.heads)
                inputs += [ids(batch, past + length), ids(batch, length) * past,
                           [(cache(), cache()) for _ in range(s.layers)]]
    return model.to(dtype).eval(), inputs
