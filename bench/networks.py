"""What a face network costs in ONNX Runtime and in training, one thread each: the table of docs/methods.md.

    .venv/bin/python bench/networks.py [--quick] [--document docs/methods.md]

Beside the networks of `NETWORKS` stands a twin of `desktop` with as many parameters, whose dense 3x3 convolutions are
split into depthwise and 1x1 ones, the usual way to make a network small. Weights are random: they cost the same. Writes
out/bench/networks.json.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import report
import torch
from torch import nn

from facekd.distil.networks import NETWORKS
from facekd.distil.networks.desktop import SIZES, DesktopNet, Size
from facekd.distil.networks.layers import conv1x1, conv3x3
from facekd.distil.training.export import Deployed, latency, macs_of, onnx_bytes

SIDE, BATCH = 112, 64
FIELDS: dict[str, tuple[str, dict[str, object]]] = {
    "desktop small": ("desktop", {"size": "small"}),
    "desktop medium": ("desktop", {"size": "medium"}),
    "mobilefacenet": ("mobilefacenet", {}),
    "iresnet 18": ("iresnet", {"depth": 18}),
}


def parameters(network: nn.Module) -> int:
    """All of them."""
    return sum(p.numel() for p in network.parameters())


def separable(network: nn.Module) -> nn.Module:
    """The network with every dense 3x3 convolution but the first split into depthwise, norm, ReLU and 1x1."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Conv2d) and child.kernel_size == (3, 3) and child.in_channels > 3:
                inputs, stride = child.in_channels, child.stride[0]
                parts = (
                    conv3x3(inputs, inputs, stride, groups=inputs),
                    nn.BatchNorm2d(inputs),
                    nn.ReLU(),
                    conv1x1(inputs, child.out_channels),
                )
                setattr(module, name, nn.Sequential(*parts))
    return network


def twin(size: str) -> nn.Module:
    """A separable `desktop`, widened until it has the parameters of the dense one."""
    kind = NETWORKS["desktop"]
    dense = SIZES[size]
    wanted = parameters(kind.build(kind.Config(size=size), 0))
    for factor in np.arange(1.0, 6.0, 0.05):
        first, *rest = (8 * round(width * factor / 8) for width in dense.widths)
        wide = Size((first, *rest), dense.blocks, dense.last)  # type: ignore[arg-type]  # four of them
        network = separable(Widened(wide))
        if parameters(network) >= wanted:
            return network
    raise AssertionError("no factor makes the separable network as large")


class Widened(DesktopNet):
    """A `desktop` of another size."""

    def __init__(self, size: Size) -> None:
        SIZES["twin"] = size  # the family knows its sizes by name
        try:
            super().__init__(NETWORKS["desktop"].Config(size="twin"), 0)
        finally:
            del SIZES["twin"]


def step_of(network: nn.Module, batch: int) -> Callable[[], None]:
    """One training step on a batch of noise."""
    network = network.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = torch.randn(batch, 3, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=1e-3, momentum=0.9)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        network(images).embedding.square().mean().backward()
        optimiser.step()

    return step


def main() -> int:
    """Measure, print and write out/bench/networks.json."""
    parser = argparse.ArgumentParser(description="Latency and training speed of the face networks.")
    parser.add_argument("--quick", action="store_true", help="small batches, two turns, for CI")
    parser.add_argument("--document", type=Path, metavar="F.md", help="put the table there: docs/methods.md")
    args = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    turns, batch = (2, 8) if args.quick else (9, BATCH)
    networks = {
        name: NETWORKS[kind].build(NETWORKS[kind].Config(**fields), 0)
        for name, (kind, fields) in FIELDS.items()
    }
    networks |= {f"separable twin of {size}": twin(size) for size in ("small", "medium")}
    sample = np.zeros((1, 3, SIDE, SIDE), np.float32)
    costs = {
        name: {
            "parameters": parameters(network),
            "mmacs": round(macs_of(network, SIDE) / 1e6, 1),
            **latency(onnx_bytes(Deployed(network.eval(), "embedding"), SIDE, "embedding"), sample),
        }
        for name, network in networks.items()
    }
    times = report.in_turns({name: step_of(network, batch) for name, network in networks.items()}, turns)
    lines = [
        report.machine_line(),
        f"One thread; training in batches of {batch}, median of {turns} turns.\n",
        "| network | parameters | MMAC | ONNX Runtime, one crop, ms (p90) | training, images a second |",
        "|---|---|---|---|---|",
    ]
    cases = []
    for name, cost in costs.items():
        speed = batch / statistics.median(times[name]) * 1e3
        lines.append(
            f"| {name} | {cost['parameters']:,} | {cost['mmacs']:,.0f} | {cost['latency_ms_p50']:.2f} "
            f"({cost['latency_ms_p90']:.2f}) | {speed:,.0f} |"
        )
        extra = {**cost, "images_per_s": round(speed, 1), "batch": batch}
        cases.append(report.case("training step, 112x112, one thread", name, times[name], extra))
    text = "\n".join(lines) + "\n"
    print(text)
    written = report.write("networks", cases, {"torch": torch.__version__, "quick": args.quick})
    print(f"written to {written}", file=sys.stderr)
    if args.document:
        report.into_document(args.document, "bench/networks.py", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
