"""One thread for torch: tests share the machine, and results do not depend on how many cores it has."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_torch_thread() -> None:
    torch.set_num_threads(1)
