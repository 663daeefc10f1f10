"""Images: an MLP, convolutions with BatchNorm, a U-Net, ResNet-18 and MobileNetV3."""

import itertools

import torch
from torch import Tensor, nn

from nets._net import Net, floats


def _mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(256, 512), nn.GELU(), nn.LayerNorm(512), nn.Linear(512, 512), nn.SiLU(),
        nn.Linear(512, 64),
    )  # fmt: skip


def _conv(given: int, made: int, size: int = 3, stride: int = 1, groups: int = 1) -> nn.Module:
    conv = nn.Conv2d(given, made, size, stride, size // 2, groups=groups, bias=False)
    norm = nn.BatchNorm2d(made)
    with torch.no_grad():
        norm.running_mean.normal_(0, 0.1)
        norm.running_var.uniform_(0.5, 1.5)
        norm.weight.uniform_(0.8, 1.2)
        norm.bias.normal_(0, 0.1)
    return nn.Sequential(conv, norm)


def _cnn() -> nn.Module:
    return nn.Sequential(
        _conv(3, 32), nn.ReLU(), nn.MaxPool2d(2), _conv(32, 64), nn.ReLU(), nn.MaxPool2d(2),
        _conv(64, 64), nn.LeakyReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


class _UNet(nn.Module):
    def __init__(self, width: int = 16) -> None:
        super().__init__()
        widths = [width, width * 2, width * 4]
        self.down = nn.ModuleList(
            _double(a, b) for a, b in zip([3, *widths], widths, strict=False)
        )
        self.rise = nn.ModuleList(
            nn.ConvTranspose2d(b, a, 2, 2) for a, b in itertools.pairwise(widths)
        )
        self.up = nn.ModuleList(_double(2 * a, a) for a in widths[:-1])
        self.last = nn.Conv2d(width, 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        skips = []
        for layer in self.down[:-1]:
            image = layer(image)
            skips.append(image)
            image = nn.functional.max_pool2d(image, 2)
        image = self.down[-1](image)
        for rise, layer, skip in zip(
            reversed(self.rise), reversed(self.up), reversed(skips), strict=True
        ):
            image = layer(torch.cat((rise(image), skip), 1))
        return self.last(image)


def _double(given: int, made: int) -> nn.Module:
    return nn.Sequential(_conv(given, made), nn.ReLU(), _conv(made, made), nn.ReLU())


class _Block(nn.Module):
    def __init__(self, given: int, made: int, stride: int) -> None:
        super().__init__()
        self.first, self.second = _conv(given, made, 3, stride), _conv(made, made)
        same = stride == 1 and given == made
        self.short = nn.Identity() if same else _conv(given, made, 1, stride)

    def forward(self, image: Tensor) -> Tensor:
        inner = self.second(torch.relu(self.first(image)))
        return torch.relu(inner + self.short(image))


def _resnet18() -> nn.Module:
    layers: list[nn.Module] = [_conv(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    for given, made, stride in [(64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)]:
        layers += [_Block(given, made, stride), _Block(made, made, 1)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 100))


class _Squeeze(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner, self.outer = (
            nn.Conv2d(width, width // 4, 1),
            nn.Conv2d(width // 4, width, 1),
        )

    def forward(self, image: Tensor) -> Tensor:
        shares = nn.functional.adaptive_avg_pool2d(image, 1)
        shares = nn.functional.hardsigmoid(self.outer(torch.relu(self.inner(shares))))
        return image * shares


class _Inverted(nn.Module):
    def __init__(self, given: int, wide: int, made: int, stride: int, squeezes: bool) -> None:  # noqa: FBT001
        super().__init__()
        self.layers = nn.Sequential(
            _conv(given, wide, 1), nn.Hardswish(), _conv(wide, wide, 5, stride, wide),
            _Squeeze(wide) if squeezes else nn.Identity(), nn.Hardswish(), _conv(wide, made, 1),
        )  # fmt: skip
        self.adds = stride == 1 and given == made

    def forward(self, image: Tensor) -> Tensor:
        made = self.layers(image)
        return image + made if self.adds else made


def _mobilenet() -> nn.Module:
    rows = [(16, 16, 16, 2, True), (16, 72, 24, 2, False), (24, 88, 24, 1, False)]
    rows += [(24, 96, 40, 2, True), (40, 240, 40, 1, True), (40, 120, 48, 1, True)]
    return nn.Sequential(
        _conv(3, 16, 3, 2), nn.Hardswish(), *[_Inverted(*row) for row in rows],
        _conv(48, 288, 1), nn.Hardswish(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(288, 128), nn.Hardswish(), nn.Linear(128, 10),
    )  # fmt: skip


_IMAGE = ({0: "batch", 2: "height", 3: "width"},)

NETS = (
    Net("mlp", _mlp, floats(0, 256), ({0: "batch"},), (32, 1), (5, 1)),
    Net("cnn", _cnn, floats(0, 3, -1, -1), _IMAGE, (8, 32), (3, 48)),
    Net("unet", _UNet, floats(0, 3, -1, -1), _IMAGE, (4, 32), (2, 64)),
    Net("resnet18", _resnet18, floats(0, 3, -1, -1), _IMAGE, (2, 64), (1, 96)),
    Net("mobilenet_v3", _mobilenet, floats(0, 3, -1, -1), _IMAGE, (4, 64), (2, 96)),
)
