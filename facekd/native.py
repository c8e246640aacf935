"""The compiled engine, if this installation has it, and which kernel of it serves.

Everything the extension does has a NumPy or cv2 reference with the same contract, so an installation without
a compiler (`FACEKD_NO_NATIVE=1`) works, only slower; the log and `doctor` say which of the two runs.
"""

import logging
from dataclasses import dataclass

__all__ = ["Engine", "engine", "extension"]

try:
    from facekd import _native as extension
except ImportError as error:
    extension = None  # type: ignore[assignment]  # the module stays optional; every user asks for None
    logging.getLogger(__name__).warning(
        "the compiled engine is not installed (%s): the slower NumPy reference serves; "
        "install the package with a C++20 compiler to get it",
        error,
    )


@dataclass(frozen=True, slots=True)
class Engine:
    """What searches and warps in this process."""

    name: str  # "native" or "numpy"
    kernel: str  # "avx512", "avx2" or "scalar"; "numpy" without the extension
    kernels: tuple[str, ...]  # what this machine could run, best first
    detail: str  # one sentence for a person


def engine() -> Engine:
    """Which engine and kernel serve; `doctor` prints it.

    Raises:
        ValueError: FACEKD_KERNEL names a kernel that does not exist or that this machine cannot run.
    """
    if extension is None:
        return Engine("numpy", "numpy", (), "the NumPy reference serves: the extension is not installed")
    kernel = extension.active_kernel()
    kernels = tuple(extension.kernels())
    return Engine("native", kernel, kernels, f"the compiled engine serves with its {kernel} kernel")
