"""What library and store say by themselves is said in the language of the window, and no sentence is forgotten."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from facekd.errors import ImageError
from facekd.images import read_image
from facekd_db.errors import Conflict, StoreUnavailable
from facekd_db.store import Store
from facekd_ui.i18n import set_catalogue
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.relayed_scan import relayed_texts, templates
from facekd_ui.pages.failures import explain

ENGLISH_WORD = re.compile(r"\b(expected|got|cannot|there|was|again|the)\b")


@pytest.fixture
def chinese() -> Iterator[None]:
    set_catalogue("zh_CN")
    yield
    set_catalogue("en")


def test_a_message_is_said_with_its_values_in_the_order_of_the_other_language(chinese: None) -> None:
    message = relayed("a.db has schema 9, which is newer than this program (it knows up to 4); nothing was changed; "
                      "update the program on this computer")  # fmt: skip
    assert str(message) == "a.db 的结构为 9，比本程序（支持到 4）更新；没有任何改动；请升级本机程序。"  # noqa: RUF001


def test_in_english_it_is_the_message_as_a_sentence() -> None:
    assert str(relayed("there is no camera 7")) == "There is no camera 7."


def test_a_message_in_a_message_is_said_too(chinese: None, tmp_path: Path) -> None:
    with pytest.raises(ImageError) as caught:
        read_image(tmp_path / "none.png")
    words = str(explain(caught.value))
    assert "空：没有此文件；请检查路径" in words  # noqa: RUF001
    assert not ENGLISH_WORD.search(words)


def test_the_messages_of_a_real_store_are_said(chinese: None, tmp_path: Path) -> None:
    (tmp_path / "facekd.db").mkdir()  # a folder in the place of the file
    with pytest.raises(StoreUnavailable) as caught:
        Store(f"sqlite:///{tmp_path / 'facekd.db'}").upgrade()
    assert str(relayed(caught.value)).startswith(f"数据库文件 {tmp_path / 'facekd.db'} 无法")
    assert str(explain(Conflict("the same batch arrived at this moment"))).endswith("同一批记录刚刚已送达。")


def test_what_no_template_fits_stays_as_it_came(chinese: None) -> None:
    assert str(relayed("something nobody wrote down")) == "Something nobody wrote down."


def test_the_scan_reads_templates_alternatives_and_carriers_from_code() -> None:
    code = (
        'raise Conflict(f\'{name} was changed by {who or "another program"} ({a if b else "never"})\')\n'
        "raise StoreUnavailable('no ' 'answer')\n"
        "self.warning: str | None = f'the key lies in {path}'\n"
        "return Status(Link.CLOSED, f'nothing for {s} s')\n"
        "raise KeyError('a mistake of the program')\n"
    )
    assert sorted(template for template, _ in templates(code, "facekd_db/any.py")) == [
        "another program", "never", "no answer", "nothing for {0} s", "the key lies in {0}",
        "{0} was changed by {1} ({2})",
    ]  # fmt: skip


def test_the_scan_looks_into_both_packages_and_names_the_place() -> None:
    folders = {where.split("/")[0] for _, where in relayed_texts()}
    assert folders == {"facekd", "facekd_db", "facekd_ui"}
    assert len({template for template, _ in relayed_texts()}) > 150
