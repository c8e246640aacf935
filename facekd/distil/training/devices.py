"""Where a run could train: accelerators by their names, then the processor."""

import os
from typing import Any

import torch

from facekd.distil.training.runfolder import processor


def devices() -> list[dict[str, Any]]:
    """Best first: `id` as `[budget] device` takes it, `name`, and `memory` in bytes where the device has its own."""
    found: list[dict[str, Any]] = []
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        facts = torch.cuda.get_device_properties(number)
        found.append({"id": f"cuda:{number}", "name": facts.name, "memory": int(facts.total_memory)})
    if torch.backends.mps.is_available():
        found.append({"id": "mps", "name": "Apple GPU", "memory": None})
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found.append({"id": "cpu", "name": processor(), "memory": None, "cores": cores})
    return found
