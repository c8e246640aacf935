"""The knowledge cache: what the teacher says about every view of every image, asked once and kept on disk.

One memory-mapped file for each tensor, [views, n, d] float32: means of the stages, embedding, logits, responses. The
folder's name is a digest of teacher, images and views, so a changed file, teacher or augmentation is another folder
and never meets a stale answer. Building it may stop at any point: a bitmap says which chunks are complete, and the
next run asks for the others. Several processes fill it together, each its own chunks.
"""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facekd.distil.data.augment import COLUMNS
from facekd.distil.data.views import Rows, Views
from facekd.distil.networks.stages import StagedOutput, StageSpec
from facekd.distil.teachers import Teacher
from facekd.errors import FacekdError

FORMAT = 1
"""Part of the key: raised when an augmentation or this layout changes."""
CHUNK = 64
"""Images that are asked about at once."""


class CacheError(FacekdError):
    """The cache cannot be used; its message says which folder to delete."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which tensors there are and how long a row of each is; 0: absent."""

    stages: tuple[int, ...]
    embedding: int
    logits: int
    responses: tuple[int, ...]

    @classmethod
    def of(cls, output: StagedOutput) -> "Layout":
        """The layout of an answer."""
        pooled = output.pooled()
        return cls(
            tuple(stage.shape[1] for stage in pooled.stages),
            0 if output.embedding is None else output.embedding.shape[1],
            0 if output.logits is None else output.logits.shape[1],
            tuple(response.shape[1] for response in output.responses),
        )

    def widths(self) -> dict[str, int]:
        """File stem -> length of a row."""
        named = {f"stage{k}": width for k, width in enumerate(self.stages)}
        named |= {"embedding": self.embedding, "logits": self.logits}
        named |= {f"response{k}": width for k, width in enumerate(self.responses)}
        return {name: width for name, width in named.items() if width}


class Knowledge:
    """The answers of one teacher to one set of views; has the facts of the teacher, so methods can be built on it.

    Args:
        folder: where caches lie; a folder below it is used.
        teacher: live; asked only while building.
        views: a fixed number of them.
        digest: of the images.
    """

    def __init__(self, folder: Path, teacher: Teacher, views: Views, digest: str) -> None:
        if not views.count:
            raise ValueError("expected a fixed number of views, got new ones in every epoch; nothing to keep")
        self.id = teacher.id
        self.stage_specs: tuple[StageSpec, ...] = teacher.stage_specs
        self.embedding_dim = teacher.embedding_dim
        self.classes = teacher.classes
        self._teacher: Teacher | None = teacher
        self._views = views
        parts = [FORMAT, COLUMNS, teacher.id, digest, asdict(views.augment.config), views.seed, views.count]
        key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        self.folder = folder / "knowledge" / key[:20]
        self._files: dict[str, NDArray[np.float32]] = {}
        self._layout: Layout | None = None

    @property
    def chunks(self) -> int:
        """Of one view."""
        return -(-len(self._views) // CHUNK)

    def build(
        self,
        rank: int = 0,
        world: int = 1,
        advance: Callable[[int, int], bool] = lambda _done, _of: True,
    ) -> bool:
        """Ask the teacher about everything that is not known yet.

        Args:
            rank: of this process. world: processes; each asks about every world-th chunk.
            advance: called with the chunks done and all chunks of this process; False stops, keeping what is done.

        Returns:
            Whether this process's part is complete.

        Raises:
            CacheError: the folder holds something else. OSError: the disk is full.
        """
        self._open(create=rank == 0)
        done = np.lib.format.open_memmap(self.folder / "done.npy", "r+")
        todo = [
            (view, chunk)
            for view in range(self._views.count)
            for chunk in range(self.chunks)
            if (view * self.chunks + chunk) % world == rank and not done[view, chunk]
        ]
        for count, (view, chunk) in enumerate(todo):
            if not advance(count, len(todo)):
                return False
            first, last = chunk * CHUNK, min((chunk + 1) * CHUNK, len(self._views))
            rows = np.arange(first, last)
            for name, values in _named(self._ask(rows, np.full(len(rows), view))).items():
                self._files[name][view, first:last] = values.cpu().numpy()
            done[view, chunk] = (
                1  # after the answers: a killed process leaves at most an answer without its mark
            )
        for file in (*self._files.values(), done):
            if isinstance(file, np.memmap):
                file.flush()
        advance(len(todo), len(todo))
        return True

    def is_complete(self) -> bool:
        """Whether every answer is there."""
        path = self.folder / "done.npy"
        return path.is_file() and bool(np.load(path).all())

    def output(self, rows: Rows, views: Rows, device: torch.device) -> StagedOutput:
        """What the teacher said about view `views[k]` of image `rows[k]`; stages as means [B, C]."""
        if not self._files:
            self._open(create=False)
        assert self._layout is not None
        got = {
            name: torch.from_numpy(np.ascontiguousarray(file[views, rows])).to(device)
            for name, file in self._files.items()
        }
        layout = self._layout
        return StagedOutput(
            tuple(got[f"stage{k}"] for k in range(len(layout.stages))),
            got.get("embedding"),
            got.get("logits"),
            tuple(got[f"response{k}"] for k in range(len(layout.responses))),
        )

    def _ask(self, rows: Rows, views: Rows) -> StagedOutput:
        assert self._teacher is not None
        with torch.no_grad():
            return self._teacher(self._views.make(rows, views).float()).pooled()

    def _open(self, *, create: bool) -> None:
        """Map the files; the first process makes them, the others wait until they are there."""
        index = self.folder / "layout.json"
        if create and not index.is_file():
            self._create(index)
        for _ in range(1200):
            if index.is_file():
                break
            time.sleep(0.1)
        else:
            raise CacheError(
                f"{self.folder}: expected another process to make the cache, it did not; try again"
            )
        table = json.loads(index.read_text("utf-8"))
        self._layout = Layout(
            tuple(table["stages"]), table["embedding"], table["logits"], tuple(table["responses"])
        )
        shape = (self._views.count, len(self._views))
        for name, width in self._layout.widths().items():
            path = self.folder / f"{name}.npy"
            try:
                file = np.load(path, mmap_mode="r+")
            except (OSError, ValueError) as error:
                raise CacheError(f"{path}: damaged ({error}); delete the folder {self.folder}") from error
            if file.shape != (*shape, width) or file.dtype != np.float32:
                raise CacheError(
                    f"{path}: expected float32 {[*shape, width]}, got {file.dtype} {list(file.shape)}; delete "
                    f"the folder {self.folder}"
                )
            self._files[name] = file

    def _create(self, index: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        first = np.arange(min(2, len(self._views)))
        layout = Layout.of(self._ask(first, np.zeros_like(first)))
        shape = (self._views.count, len(self._views))
        for name, width in layout.widths().items():
            _reserve(self.folder / f"{name}.npy", (*shape, width), np.float32)
        _reserve(self.folder / "done.npy", (self._views.count, self.chunks), np.uint8)
        partial = index.with_name(f".{secrets.token_hex(4)}.partial")
        partial.write_text(json.dumps(asdict(layout)), "utf-8")
        partial.replace(index)  # last: whoever sees it finds the files complete


def _reserve(path: Path, shape: tuple[int, ...], dtype: Any) -> None:
    """A file of zeros whose blocks exist: a full disk must be an error here, not a crash at a mapped page."""
    file = np.lib.format.open_memmap(path, "w+", dtype, shape)
    size = path.stat().st_size
    del file
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, size)


def _named(output: StagedOutput) -> dict[str, Tensor]:
    named = {f"stage{k}": stage for k, stage in enumerate(output.stages)}
    if output.embedding is not None:
        named["embedding"] = output.embedding
    if output.logits is not None:
        named["logits"] = output.logits
    return named | {f"response{k}": response for k, response in enumerate(output.responses)}
