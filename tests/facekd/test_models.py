"""The registry, the cards, and the files that are refused."""

from pathlib import Path

import pytest

from facekd.errors import ModelFileError
from facekd.modelcard import read_card
from facekd.models import CARDS, DEFAULTS, ModelFile, Registry, open_model_file

CARD = """
id = "{id}"
kind = "embedder"
dim = 48
licence = "x"
origin = "x"
{more}
[input]
size = [112, 112]
colour = "rgb"
"""


def write_card(path: Path, *, digest: str = "0" * 64, more: str = "") -> Path:
    path.write_text(CARD.format(id=digest, more=more), encoding="utf-8")
    return path


def copied(model: ModelFile, folder: Path, *, card: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / model.path.name
    path.write_bytes(model.path.read_bytes())
    if card:
        path.with_suffix(".toml").write_bytes(model.path.with_suffix(".toml").read_bytes())
    return path


def test_a_misspelt_key_is_refused_by_name_with_the_nearest_right_one(tmp_path: Path) -> None:
    card = write_card(tmp_path / "x.toml", more='lisence = "MIT"')
    with pytest.raises(ModelFileError, match="the model card: unknown key `lisence`; did you mean `licence`"):
        read_card(card)


def test_a_misspelt_key_of_the_input_is_refused_too(tmp_path: Path) -> None:
    card = tmp_path / "x.toml"
    card.write_text(CARD.format(id="0" * 64, more="") + "means = [1, 2, 3]\n")
    with pytest.raises(ModelFileError, match=r"unknown key `means` in \[input\]; did you mean `mean`"):
        read_card(card)


def test_misspelt_keys_of_rows_and_figures_are_refused_too(tmp_path: Path) -> None:
    row = "[[threshold]]\nfar = 0.1\nvalue = 0.2\nlo = 0.1\nhi = 0.3\nn = 9\n"
    card = tmp_path / "x.toml"
    for more, named in (
        (row + row.replace("lo", "low"), r"unknown key `low` in \[threshold.1\]; did you mean `lo`"),
        ("[metrics.lfw]\nvalue = 0.9\nm = 5\nlo = 0.8\nhi = 1.0\n", r"unknown key `m` in \[metrics.lfw\]"),
        (row.replace("0.2", "'x'"), r"`threshold\[0\].value`: expected a number, got 'x'"),
    ):
        card.write_text(CARD.format(id="0" * 64, more="") + more)
        with pytest.raises(ModelFileError, match=named):
            read_card(card)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("dim = ", "not valid TOML"),
        ('stages = "one"', "`stages`: expected a list, each text, got 'one'"),
        ('name = "x"', "unknown key 'name'"),
    ],
)
def test_a_wrong_card_says_what_is_wrong(tmp_path: Path, more: str, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        read_card(write_card(tmp_path / "x.toml", more=more))


@pytest.mark.parametrize(
    "rows", [((0.0, 0.5),), ((1e-3, 0.3), (1e-2, 0.5)), ((1e-3, 0.3), (1e-3, 0.4)), ((2.0, 0.1),)]
)
def test_a_table_of_thresholds_that_cannot_be_is_refused(
    tmp_path: Path, rows: tuple[tuple[float, float], ...]
) -> None:
    table = "".join(
        f"[[threshold]]\nfar = {far}\nvalue = {v}\nlo = {v}\nhi = {v}\nn = 9\n" for far, v in rows
    )
    path = tmp_path / "x.toml"
    path.write_text(CARD.format(id="0" * 64, more="") + table)
    with pytest.raises(ModelFileError, match="whose `value` falls as `far` rises"):
        read_card(path)


def test_an_id_that_is_no_digest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="64 hex digits"):
        read_card(write_card(tmp_path / "x.toml", digest="abc"))


def test_every_key_of_the_contract_is_understood(tmp_path: Path) -> None:
    card = write_card(
        tmp_path / "x.toml",
        more='stages = ["s1"]\ntrained_on = "t"\nmethod = "ccskd"\nlimits = "l"\n'
        "[metrics.lfw]\nvalue = 0.98\nn = 6000\nlo = 0.97\nhi = 0.99\n"
        "[[threshold]]\nfar = 1e-3\nvalue = 0.3\nlo = 0.2\nhi = 0.4\nn = 3000",
    )
    parsed = read_card(card)
    assert parsed.metrics["lfw"].n == 6000
    assert parsed.threshold[0].far == 1e-3
    assert parsed.stages == ("s1",)


def test_a_file_whose_digest_is_not_the_cards_is_refused(tiny_embedder: ModelFile, tmp_path: Path) -> None:
    path = copied(tiny_embedder, tmp_path)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ModelFileError, match=r"SHA-256 is .* its card says"):
        open_model_file(path)


def test_a_file_swapped_after_it_was_opened_is_never_run(tiny_embedder: ModelFile, tmp_path: Path) -> None:
    path = copied(tiny_embedder, tmp_path)
    model = open_model_file(path)
    path.write_bytes(b"other")
    with pytest.raises(ModelFileError, match="damaged or the card belongs to another"):
        model.read()


def test_a_model_without_a_card_is_refused_with_the_cards_name(
    tiny_embedder: ModelFile, tmp_path: Path
) -> None:
    path = copied(tiny_embedder, tmp_path, card=False)
    with pytest.raises(ModelFileError, match=r"expected tiny_embedder\.toml in the same folder"):
        open_model_file(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="No such file"):
        open_model_file(tmp_path / "absent.onnx")


def test_models_are_found_by_name_by_beginning_of_id_and_by_path(
    tiny_embedder: ModelFile, tiny_detector: ModelFile, tmp_path: Path
) -> None:
    for model in (tiny_embedder, tiny_detector):
        copied(model, tmp_path / "models")
    registry = Registry([tmp_path / "models"])
    by_name = registry.find("tiny_embedder", "embedder")
    assert registry.find(by_name.card.id[:8], "embedder") == by_name
    assert registry.find(str(by_name.path), "embedder") == by_name
    assert {model.card.name for model in registry} == {"tiny_embedder", "tiny_detector"}
    with pytest.raises(ModelFileError, match="no model called 'absent'"):
        registry.find("absent", "embedder")
    with pytest.raises(ModelFileError, match="expected a model of kind embedder, got tiny_detector"):
        registry.find("tiny_detector", "embedder")


def test_broken_files_are_passed_over_but_reported(tiny_embedder: ModelFile, tmp_path: Path) -> None:
    copied(tiny_embedder, tmp_path)
    (tmp_path / "broken.onnx").write_bytes(b"x")
    registry = Registry([tmp_path])
    assert [model.card.name for model in registry] == ["tiny_embedder"]
    assert [path.name for path, _ in registry.broken()] == ["broken.onnx"]


def test_missing_defaults_are_named_with_the_folder_they_go_into(tmp_path: Path) -> None:
    registry = Registry([tmp_path / "models"])
    assert not registry.has_default("detector")
    with pytest.raises(ModelFileError) as refused:
        registry.default("detector")
    assert f"{DEFAULTS['detector'][0]}.onnx" in str(refused.value)
    assert str(tmp_path / "models") in str(refused.value)


def test_importing_copies_model_and_card_and_refuses_a_second_of_the_same_name(
    tiny_embedder: ModelFile, tiny_detector: ModelFile, tmp_path: Path
) -> None:
    registry = Registry([tmp_path / "home" / "models"])
    imported = registry.import_file(tiny_embedder.path)
    assert imported.path.parent == tmp_path / "home" / "models"
    assert registry.import_file(tiny_embedder.path) == imported  # again: nothing to do
    other = copied(tiny_detector, tmp_path / "other")
    other = other.rename(other.with_name("tiny_embedder.onnx"))
    other.with_name("tiny_detector.toml").rename(other.with_suffix(".toml"))
    with pytest.raises(ModelFileError, match="another model of this name"):
        registry.import_file(other)
    assert imported.read() == tiny_embedder.read()


def test_importing_a_model_that_is_there_already_changes_nothing(
    tiny_embedder: ModelFile, tmp_path: Path
) -> None:
    registry = Registry([tmp_path / "models"])
    imported = registry.import_file(tiny_embedder.path)
    assert registry.import_file(imported.path) == imported


def test_importing_another_kind_of_file_is_refused(tiny_embedder: ModelFile, tmp_path: Path) -> None:
    path = copied(tiny_embedder, tmp_path)
    with pytest.raises(ModelFileError, match=r"expected an \.onnx file"):
        Registry([tmp_path / "models"]).import_file(path.rename(path.with_suffix(".bin")))


def test_folders_of_the_environment_are_searched(
    tiny_embedder: ModelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(tiny_embedder, tmp_path / "a")
    monkeypatch.setenv("FACEKD_MODELS", f"{tmp_path / 'absent'}:{tmp_path / 'a'}")
    assert [model.card.name for model in Registry.from_environment(tmp_path)] == ["tiny_embedder"]


def test_the_known_cards_are_all_well_formed_and_distinct() -> None:
    cards = [read_card(path) for path in CARDS.glob("*.toml")]
    assert len({card.id for card in cards}) == len(cards) == 8
    assert {name for names in DEFAULTS.values() for name in names} <= {card.name for card in cards}
    assert all(
        "research" not in card.licence for card in cards if any(card.name in d for d in DEFAULTS.values())
    )


@pytest.mark.shared
def test_every_known_card_fits_its_file(weights: Path) -> None:
    names = {model.card.name for model in Registry([weights])}
    assert names == {path.stem for path in CARDS.glob("*.toml")}
