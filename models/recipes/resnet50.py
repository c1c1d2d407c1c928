"""ResNet-50 as torchvision's, the batch norms folded into the convolutions as the exporter does: 25.5 M parameters."""
from common import FLOAT, Graph

STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))


def conv(g, x, name, inside, outside, kernel, stride=1, gain=2 ** 0.5):
    std = gain / (inside * kernel * kernel) ** 0.5
    return g.node("Conv", x, g.weight(f"{name}.weight", outside, inside, kernel, kernel, std=std),
                  g.weight(f"{name}.bias", outside, std=0.02), kernel_shape=[kernel, kernel], strides=[stride, stride],
                  pads=[kernel // 2] * 4, dilations=[1, 1], group=1)


def build():
    g = Graph("resnet50")
    x = g.input("input", FLOAT, ["batch", 3, 224, 224])
    x = g.node("Relu", conv(g, x, "conv1", 3, 64, 7, 2))
    x = g.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=0)
    inside = 64
    for stage, (width, blocks) in enumerate(STAGES):
        for block in range(blocks):
            name, stride = f"layer{stage + 1}.{block}", 2 if stage > 0 and block == 0 else 1
            y = g.node("Relu", conv(g, x, f"{name}.conv1", inside, width, 1))
            y = g.node("Relu", conv(g, y, f"{name}.conv2", width, width, 3, stride))
            y = conv(g, y, f"{name}.conv3", width, 4 * width, 1, gain=0.3)
            if block == 0:
                x = conv(g, x, f"{name}.downsample.0", inside, 4 * width, 1, stride, gain=1)
            x = g.node("Relu", g.add(y, x))
            inside = 4 * width
    x = g.node("Flatten", g.node("GlobalAveragePool", x), axis=1)
    logits = g.node("Gemm", x, g.weight("fc.weight", 1000, inside), g.weight("fc.bias", 1000, std=0.02), transB=1)
    g.output("output", logits, FLOAT, ["batch", 1000])
    return g.model()


MODELS = {"resnet50": build}
