"""Bringing torch along later: progress, cancel, refusal, and the command for environments that refuse."""

import re
import sys
from collections.abc import Callable

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from facekd_ui.pages import training_missing
from facekd_ui.pages.training_missing import TrainingMissing
from facekd_ui.services.training_install import requirements
from facekd_ui.workers.training_install import TrainingInstall, command_line, why_not

SLOW_MS = 20_000
Missing = Callable[[str], TrainingMissing]


def program(code: str) -> list[str]:
    return [sys.executable, "-u", "-c", code]


@pytest.fixture
def missing(qtbot: QtBot, settled: object, monkeypatch: pytest.MonkeyPatch) -> Missing:
    del settled

    def make(reason: str) -> TrainingMissing:
        monkeypatch.setattr(training_missing, "why_not", lambda: reason)
        page = TrainingMissing()
        qtbot.addWidget(page)
        page.show()
        return page

    return make


def test_what_is_installed_is_the_extra_of_this_package() -> None:
    found = requirements()
    assert {re.split(r"[<>=]", one)[0] for one in found} == {"onnx", "onnxscript", "safetensors", "torch"}
    assert all(";" not in one for one in found)
    assert "pip install" in command_line()


def test_packages_are_named_as_they_come_and_the_page_goes_on(missing: Missing, qtbot: QtBot) -> None:
    page = missing("")
    gone_on: list[bool] = []
    page.installed.connect(lambda: gone_on.append(True))
    page.begin(program("print('Collecting torch<2.14')"))
    assert page.busy is not None
    assert not page.install.isEnabled()
    qtbot.waitUntil(lambda: gone_on == [True], timeout=SLOW_MS)
    assert page.install.isEnabled()
    assert page.busy is None


def test_what_pip_says_is_told_line_by_line(qtbot: QtBot, settled: object) -> None:
    code = "print('Collecting torch<2.14'); print('Installing collected packages: torch'); print('anything else')"
    install = TrainingInstall(program(code))
    told: list[str] = []
    install.told.connect(lambda words: told.append(words))
    with qtbot.waitSignal(install.ended, timeout=SLOW_MS) as caught:
        install.start()
    assert caught.args == [True, "anything else"]
    assert told == ["torch<2.14", "torch", "anything else"]


def test_a_failure_says_pips_own_reason_and_shows_the_command(missing: Missing, qtbot: QtBot) -> None:
    page = missing("")
    page.begin(program("import sys; print('ERROR: no space left on device'); sys.exit(1)"))
    qtbot.waitUntil(lambda: page.banner.isVisible(), timeout=SLOW_MS)
    assert "no space left on device" in page.banner.accessibleName()
    assert page._command.isVisible()


def test_cancel_ends_it_without_a_complaint(qtbot: QtBot, settled: object) -> None:
    install = TrainingInstall(program("import time; print('Collecting torch'); time.sleep(60)"))
    with qtbot.waitSignal(install.told, timeout=SLOW_MS):
        install.start()
    with qtbot.waitSignal(install.ended, timeout=SLOW_MS) as caught:
        install.cancel()
    assert caught.args == [False, ""]


@pytest.mark.parametrize("reason", ["managed", "readonly", "frozen"])
def test_an_environment_that_refuses_shows_the_command_to_copy(missing: Missing, reason: str) -> None:
    page = missing(reason)
    assert not page.install.isVisible()
    assert page._command.isVisible()
    page.copy.click()
    assert QGuiApplication.clipboard().text() == command_line()


def test_a_packaged_program_cannot_be_added_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert why_not() == "frozen"
