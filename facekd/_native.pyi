"""Types of the compiled engine (`cpp_ext`). Contracts stand with the users: `search`, `align`, `letterbox`."""

from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

_Channels = float | tuple[float, float, float] | NDArray[np.float32]

class Index:
    def __init__(self, dim: int, *, compact: bool = True, threads: int = 0) -> None: ...
    @property
    def dim(self) -> int: ...
    @property
    def ids(self) -> NDArray[np.int64]: ...
    def __len__(self) -> int: ...
    def add(self, ids: NDArray[np.int64], rows: NDArray[np.float32]) -> None: ...
    def remove(self, ids: NDArray[np.int64]) -> None: ...
    def replace(self, ids: NDArray[np.int64], rows: NDArray[np.float32]) -> None: ...
    def search(
        self,
        queries: NDArray[np.float32],
        k: int,
        *,
        allow: NDArray[np.int64] | NDArray[np.bool_] | AbstractSet[int] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]: ...
    def matches(
        self, queries: NDArray[np.float32], threshold: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]: ...

def active_kernel() -> str: ...
def kernels() -> list[str]: ...
def align(frame: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> NDArray[np.uint8]: ...
def align_batch(
    frame: NDArray[np.uint8],
    landmarks: NDArray[np.floating],
    mean: _Channels,
    scale: _Channels,
    out: NDArray[np.float32] | None = None,
    statistics: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]: ...
def crop_statistics(crops: NDArray[np.uint8]) -> NDArray[np.float32]: ...
def letterbox(
    frame: NDArray[np.uint8],
    height: int,
    width: int,
    ratio: float,
    mean: _Channels,
    scale: _Channels,
    rgb: bool,
    out: NDArray[np.float32],
) -> None: ...
