import pytest

from facekd.errors import ModelFileError, ProviderError
from facekd.models import ModelFile
from facekd.onnx_session import Session


def test_the_provider_that_really_runs_is_shown(tiny_embedder: ModelFile) -> None:
    assert Session(tiny_embedder.read(), "x").provider == "CPUExecutionProvider"


def test_asking_for_an_absent_provider_fails_and_names_those_present(tiny_embedder: ModelFile) -> None:
    with pytest.raises(ProviderError, match=r"'coreml' is not available here.*cpu"):
        Session(tiny_embedder.read(), "x", provider="coreml")


def test_an_unknown_provider_is_refused(tiny_embedder: ModelFile) -> None:
    with pytest.raises(ProviderError, match="expected a provider among cpu, cuda"):
        Session(tiny_embedder.read(), "x", provider="gpu")


def test_a_truncated_file_is_refused_in_one_line(tiny_embedder: ModelFile) -> None:
    data = tiny_embedder.read()
    with pytest.raises(ModelFileError, match=r"x\.onnx: ONNX Runtime cannot load this file") as refused:
        Session(data[: len(data) // 2], "x.onnx")
    assert "\n" not in str(refused.value)
