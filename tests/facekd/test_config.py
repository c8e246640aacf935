"""The configuration: complete, refused by name and range, the same after a round trip through its file."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facekd.config import RunConfig, config_from, config_table, load_config
from facekd.config_table import ConfigError, toml_text

GOOD = """
[data]
kind = "packed"
train = ["a.npz"]
task = "face"
[student]
network = "desktop"
size = "small"
[method]
name = "embedding_cosine"
"""


def load(tmp_path: Path, text: str, *overrides: str) -> RunConfig:
    (tmp_path / "run.toml").write_text(text)
    return load_config(tmp_path / "run.toml", overrides)


def complaint(tmp_path: Path, text: str, *overrides: str) -> str:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, text, *overrides)
    assert str(error.value).startswith((str(tmp_path / "run.toml"), "--set", "expected --set"))
    return str(error.value)


def test_paths_are_relative_to_the_file_and_fields_of_others_are_kept(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD)
    assert config.data.train == (str(tmp_path / "a.npz"),)
    assert (config.student.name, config.student.fields) == ("desktop", {"size": "small"})


def test_an_unknown_key_names_its_nearest_neighbour(tmp_path: Path) -> None:
    said = complaint(tmp_path, GOOD + "[budget]\nepoch = 3\n")
    assert "unknown key `epoch` in [budget]; did you mean `epochs`?" in said
    assert "unknown key `budgett`; did you mean `budget`?" in complaint(tmp_path, GOOD + "[budgett]\n")
    said = complaint(tmp_path, GOOD.replace('task = "face"', 'task = "face"\nvalidation = {identity = 0.1}'))
    assert "did you mean `identities`?" in said


def test_a_wrong_value_names_its_range_and_what_came(tmp_path: Path) -> None:
    said = complaint(tmp_path, GOOD + "[budget]\nepochs = 0\n")
    assert "`budget.epochs`: expected an integer from 1 to 100000, got 0" in said
    said = complaint(tmp_path, GOOD + "[budget]\nlearning_rate = -1.0\n")
    assert "`budget.learning_rate`: expected a number above 0 to 100, got -1.0" in said
    said = complaint(tmp_path, GOOD + "[optimiser]\nname = 'lamb'\n")
    assert "expected one of 'adamw', 'muon', 'sgd', got 'lamb'" in said
    said = complaint(tmp_path, GOOD.replace('train = ["a.npz"]', "train = []"))
    assert "`data.train`: expected a list of at least 1, each text, got []" in said


def test_a_missing_key_or_section_is_named(tmp_path: Path) -> None:
    assert "expected a key `task` in [data]" in complaint(tmp_path, GOOD.replace('task = "face"', ""))
    assert "expected [method] name = a name, got None" in complaint(
        tmp_path, GOOD.replace('name = "embedding_cosine"', "")
    )
    assert "expected [teacher] path" in complaint(tmp_path, GOOD + "[teacher]\nkind = 'onnx'\n")
    assert "not valid TOML" in complaint(tmp_path, GOOD + "[")
    assert "this program knows 1" in complaint(tmp_path, "version = 2\n" + GOOD)


def test_overrides_reach_any_key_with_or_without_quotes(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD, "budget.epochs=7", "budget.device=cpu", "student.embedding_dim=64")
    assert (config.budget.epochs, config.budget.device) == (7, "cpu")
    assert config.student.fields == {"size": "small", "embedding_dim": 64}
    assert "expected --set section.key=value" in complaint(tmp_path, GOOD, "budget.epochs")


def test_a_resolved_configuration_is_complete_and_survives_its_file(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD, "optimiser.name=muon").resolved()
    assert (config.budget.learning_rate, config.optimiser.weight_decay, config.data.size) == (6e-3, 0.02, 112)
    table = config_table(config)
    assert None not in [
        value for section in table.values() if isinstance(section, dict) for value in section.values()
    ]
    text = toml_text(table, "A header.")
    again = config_from(tomllib.loads(text), "test", tmp_path / "elsewhere")
    assert again == config
    assert toml_text(config_table(again), "A header.") == text


@given(
    st.dictionaries(
        st.text(min_size=1),
        st.one_of(
            st.text(),
            st.integers(-(2**63), 2**63 - 1),
            st.booleans(),
            st.floats(allow_nan=False),
            st.lists(st.text()),
        ),
    )
)
def test_written_toml_reads_back_as_it_was(section: dict[str, object]) -> None:
    assert tomllib.loads(toml_text({"a": 1, "section": section})) == {"a": 1, "section": section}
