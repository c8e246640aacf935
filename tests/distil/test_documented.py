"""The worked examples of docs/distillation.md run as they stand there."""

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from facekd.config import DataConfig
from facekd.distil.data import readers
from facekd.distil.methods.base import Batch, Epoch, Task
from facekd.distil.networks import NETWORKS
from facekd.distil.networks.stages import StagedNetwork
from facekd.distil.teachers.torch_network import torch_teacher
from facekd.errors import InputError
from facekd.modelcard import InputSpec

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "distillation.md"
SPEC = InputSpec((32, 32), "rgb", (127.5,) * 3, (1 / 127.5,) * 3)


def block(file: str) -> Mapping[str, Any]:
    """What the code block that begins with the name of `file` defines."""
    for code in re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL):
        if code.startswith(f"# {file}"):
            module = ModuleType(Path(file).stem)
            exec(compile(code, file, "exec"), module.__dict__)
            return vars(module)
    raise AssertionError(f"no block of {file}")


def network(name: str, **fields: Any) -> Any:
    return NETWORKS[name].build(NETWORKS[name].Config(**fields), 5)


def test_the_method_learns_what_the_teacher_says() -> None:
    found = block("facekd/distil/methods/logit_mse.py")
    torch.manual_seed(0)
    teacher = torch_teacher(network("cifar_resnet", depth=14), SPEC)
    student, task = network("cifar_resnet", depth=8), Task("classification", 5, SPEC)
    method = found["LogitMSE"](student, teacher, task, found["LogitMSEConfig"](task_weight=0.0))
    assert method.terms() == {"logit": "all"}  # a weight of 0 takes the task's term away
    images = torch.rand(6, 3, 32, 32) * 255
    batch = Batch(images, torch.tensor([0, 1, 2, 3, 4, -1]))
    terms = method(batch, teacher(images), Epoch(1, 1))
    ours = method.student(method.preprocess(images)).logits
    theirs = teacher(images).logits
    assert theirs is not None
    torch.testing.assert_close(terms["logit"], 0.1 * (ours - theirs).square().mean(), rtol=1e-3, atol=1e-5)
    terms["logit"].backward()
    assert all(p.grad is not None for p in student.parameters())


def test_the_network_is_what_it_declares() -> None:
    found = block("facekd/distil/networks/tiny.py")
    net = found["TinyNet"](found["Config"](width=8), 7).train()
    assert isinstance(net, StagedNetwork)
    output = net(torch.randn(2, 3, 32, 32))
    for spec, stage in zip(net.stage_specs, output.stages, strict=True):
        assert stage.shape == (2, spec.channels, 32 // spec.stride, 32 // spec.stride)
    assert output.embedding is not None
    assert output.embedding.shape == (2, net.embedding_dim)
    assert output.logits is not None
    assert output.logits.shape == (2, 7)
    assert found["TinyNet"](found["Config"](), 0)(torch.randn(2, 3, 32, 32)).logits is None


def test_the_dataset_is_read_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = block("facekd/distil/data/table.py")
    monkeypatch.setitem(readers.READERS, "table", lambda path, _task, _part: found["list_table"](path))
    picture = np.full((16, 16, 3), (10, 20, 30), np.uint8)  # BGR
    for k in range(6):
        cv2.imwrite(str(tmp_path / f"{k}.png"), picture)
    (tmp_path / "5.png").write_bytes(b"no picture")
    rows = [f"{k}.png,{'cat' if k % 2 else 'dog'}" for k in range(6)]
    (tmp_path / "table.csv").write_text("\n".join(["file,label", *rows]))
    packed = DataConfig(
        "packed", (str(tmp_path / "table.csv"),), "classification", cache=str(tmp_path / "cache")
    )
    data = readers.open_data(dataclasses.replace(packed, kind="table"), 0)  # type: ignore[arg-type]
    assert data.train.classes == ("cat", "dog")
    assert data.train.labels.tolist() == [1, 0, 1, 0, 1]
    assert data.train.images[0, 0, 0].tolist() == [30, 20, 10]
    assert "5.png" in data.remarks[0]  # unreadable, listed and left out
    (tmp_path / "table.csv").write_text("name\na")
    with pytest.raises(InputError, match="expected the columns file and label, got name"):
        found["list_table"](tmp_path / "table.csv")
