"""How much memory this process takes, and how much the system has left; bytes, from Linux' /proc where it is."""

import contextlib
import os
from pathlib import Path

import torch

from facekd.errors import InputError


def peak(device: torch.device) -> int:
    """Bytes of memory at the most since `forget_peak`: the device's where it has its own."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return max(resident(), _status("VmHWM") - _status("RssFile"))


def forget_peak() -> None:
    """Begins a new count for `peak`."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")  # proc(5): resets the peak of resident memory


def resident() -> int:
    """Bytes of this process that only it holds now; mapped images may leave memory at any time and are not counted."""
    return _status("RssAnon")


def _status(name: str) -> int:
    """A line of /proc/self/status in bytes; 0 where the system has none."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/self/status").read_text("ascii").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0


def free() -> int:
    """Bytes that a new process may take: of the machine, and of the group that this process is in."""
    found = []
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    except OSError:
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    group = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError, ValueError):  # no such file, or "max"
        most = int((group / "memory.max").read_text("ascii"))
        found.append(most - int((group / "memory.current").read_text("ascii")))
    if not found:
        raise InputError("expected the system to say how much memory is free, it does not")
    return max(0, min(found))
