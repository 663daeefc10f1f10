"""Encoders of a size that is asked for, in torch and as ONNX files of the same numbers."""

from itertools import pairwise

import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn


def encoder_net(dim: int, width: int, depth: int) -> nn.Sequential:
    """Make a net of so many hidden layers between vectors of a length."""
    torch.manual_seed(0)  # noqa: TID251  # a benchmark is a program of its own
    sizes = [dim, *[width] * depth, dim]
    layers = []
    for given, wanted in pairwise(sizes):
        layers += [nn.Linear(given, wanted), nn.ReLU()]
    return nn.Sequential(*layers[:-1]).eval()


def encoder_file(net: nn.Sequential) -> bytes:
    """Write it as a graph from `x` to `a`, (batch, dim) both."""
    linear = [each for each in net if isinstance(each, nn.Linear)]
    nodes, weights, name = [], [], "x"
    for number, layer in enumerate(linear):
        is_last = layer is linear[-1]
        for part, value in (("w", layer.weight), ("b", layer.bias)):
            weights.append(numpy_helper.from_array(value.detach().numpy(), f"{part}{number}"))
        sums = "a" if is_last else f"s{number}"
        inputs = [name, f"w{number}", f"b{number}"]
        nodes.append(helper.make_node("Gemm", inputs, [sums], transB=1))
        if not is_last:
            name = f"h{number}"
            nodes.append(helper.make_node("Relu", [sums], [name]))
    ends = [
        helper.make_tensor_value_info(each, TensorProto.FLOAT, ["batch", linear[0].in_features])
        for each in ("x", "a")
    ]
    graph = helper.make_graph(nodes, "encoder", ends[:1], ends[1:], weights)
    opset = helper.make_opsetid("", 18)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    return bytes(model.SerializeToString())
