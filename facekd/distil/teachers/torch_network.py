"""A torch network, trained before by this project, as a teacher."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from facekd.distil.teachers.frozen import FrozenTeacher
from facekd.modelcard import InputSpec


def torch_teacher(network: nn.Module, spec: InputSpec) -> FrozenTeacher:
    """A network with its trained weights as a teacher; `spec` says how it wants its pixels.

    Raises:
        TypeError: the network does not declare its stages.
    """
    facts = (weights_digest(network.state_dict()), getattr(network, "stage_specs", None), spec)
    return FrozenTeacher(network, id=hashlib.sha256(repr(facts).encode()).hexdigest(), spec=spec)


def weights_digest(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over the names, types, shapes and bytes of all tensors, whatever their order."""
    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
