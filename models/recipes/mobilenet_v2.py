"""MobileNetV2 as torchvision's, the batch norms folded into the convolutions as the exporter does: 3.5 M parameters."""
from common import FLOAT, Graph

# expansion, channels, blocks, stride of the first
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def conv(g, x, name, inside, outside, kernel=1, stride=1, groups=1, relu6=True):
    std = (2 * groups / (inside * kernel * kernel)) ** 0.5
    x = g.node("Conv", x, g.weight(f"{name}.weight", outside, inside // groups, kernel, kernel, std=std),
               g.weight(f"{name}.bias", outside, std=0.02), kernel_shape=[kernel, kernel], strides=[stride, stride],
               pads=[kernel // 2] * 4, dilations=[1, 1], group=groups)
    return g.node("Clip", x, g.const(0.0), g.const(6.0)) if relu6 else x


def build():
    g = Graph("mobilenet_v2")
    x = conv(g, g.input("input", FLOAT, ["batch", 3, 224, 224]), "features.0", 3, 32, 3, 2)
    inside, index = 32, 1
    for expansion, channels, blocks, first_stride in STAGES:
        for block in range(blocks):
            name, wide, stride = f"features.{index}", expansion * inside, first_stride if block == 0 else 1
            y = x if expansion == 1 else conv(g, x, f"{name}.expand", inside, wide)
            y = conv(g, y, f"{name}.depthwise", wide, wide, 3, stride, groups=wide)
            y = conv(g, y, f"{name}.project", wide, channels, relu6=False)
            x = g.add(x, y) if stride == 1 and inside == channels else y
            inside, index = channels, index + 1
    x = conv(g, x, "features.18", inside, 1280)
    x = g.node("Flatten", g.node("GlobalAveragePool", x), axis=1)
    logits = g.node("Gemm", x, g.weight("classifier.weight", 1000, 1280), g.weight("classifier.bias", 1000, std=0.02), transB=1)
    g.output("output", logits, FLOAT, ["batch", 1000])
    return g.model()


MODELS = {"mobilenet_v2": build}
