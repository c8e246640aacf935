"""Every kernel that this machine runs answers bit for bit as the scalar one, and FACEKD_KERNEL chooses."""

import os
import subprocess
import sys
from functools import cache
from io import BytesIO

import numpy as np
import pytest

from facekd.native import engine, extension

KERNELS = extension.kernels() if extension is not None else []
FASTER = [name for name in KERNELS if name != "scalar"]

ANSWERS = """
import os
import sys
import numpy as np
from facekd.align import TEMPLATE, align_batch
from facekd.letterbox import letterbox
from facekd.native import engine
from facekd.search import Index

assert engine().kernel == os.environ["FACEKD_KERNEL"]
rng = np.random.default_rng(1)
answers = []
for dim in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 100, 127, 128, 129, 200, 511, 512, 513]:
    for n in (1, 63, 64, 65, 200):
        rows = rng.standard_normal((n + 13, dim)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        for compact in (True, False):
            index = Index(dim, compact=compact)
            index.add(np.arange(n), rows[:n])
            for m in (1, 2, 3, 4, 5, 6, 13):
                answers += index.search(rows[n : n + m], 5)
            answers += index.matches(rows[n:], 0.2)
for n, dim in [(150_000, 64), (90_000, 100), (70_000, 129)]:  # large enough for the coarse copy and its signs
    rows = rng.standard_normal((n, dim)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    index = Index(dim)
    index.add(np.arange(n), rows)
    for k in (1, 10, 100):
        answers += index.search(np.ascontiguousarray(rows[k : k + 1] * -1), k)
        answers += index.search(rows[k : k + 1], k)
for height, width in [(1, 1), (1, 2), (2, 2), (37, 53), (112, 112), (300, 200)]:
    frame = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    points = np.stack([TEMPLATE * scale - shift for scale in (0.1, 0.9, 2.5) for shift in (-9, 0, 30)])
    answers.append(align_batch(frame, points, 127.5, 1 / 128))
    for size in ((19, 23), (64, 64), (7, 300)):
        answers.append(letterbox(frame, size, (1, 2, 3), (0.1, 0.2, 0.3), rgb=True)[0])
np.savez(sys.stdout.buffer, *answers)
"""


def run(code: str, kernel: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "FACEKD_KERNEL": kernel}
    return subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment, capture_output=True, check=False
    )


@cache
def answers(kernel: str) -> list[np.ndarray]:
    done = run(ANSWERS, kernel)
    assert done.returncode == 0, done.stderr.decode()
    with np.load(BytesIO(done.stdout)) as arrays:
        return [arrays[f"arr_{i}"] for i in range(len(arrays.files))]


@pytest.mark.parametrize("kernel", FASTER)
def test_a_kernel_answers_as_the_scalar_one(kernel: str) -> None:
    for got, want in zip(answers(kernel), answers("scalar"), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_environment_chooses_the_kernel(kernel: str) -> None:
    done = run("from facekd.native import engine; print(engine().kernel)", kernel)
    assert done.stdout.decode().strip() == kernel


def test_without_the_environment_the_best_kernel_serves() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "FACEKD_KERNEL"}
    code = "from facekd.native import engine; print(engine().kernel)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment, capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == engine().kernels[0]


@pytest.mark.parametrize("use", ["facekd.search.Index(3)", "facekd.native.engine()"])
def test_an_unknown_kernel_is_an_error_that_names_the_known_ones(use: str) -> None:
    code = (
        f"import facekd.search, facekd.native\ntry:\n    {use}\nexcept ValueError as error:\n    print(error)"
    )
    said = run(code, "neon").stdout.decode()
    assert "'neon'" in said
    assert "scalar" in said
