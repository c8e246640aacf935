"""The first run: six steps, one decision each, under a minute; every answer can be changed later."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from facekd_ui.i18n.language import Language
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.failures import explain
from facekd_ui.pages.first_run_camera import CameraStep
from facekd_ui.pages.first_run_place import PlaceStep
from facekd_ui.pages.first_run_step import Step
from facekd_ui.pages.first_run_steps import AdministratorStep, LookStep, NoticeStep, ReadyStep
from facekd_ui.shell.brand import brand
from facekd_ui.theme.theme import Theme
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button, Line
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.steps import DONE, NOW, TO_COME, StepMark
from facekd_ui.workers.tasks import Tasks

SIDE, CONTENT, FOOT = 320, 800, 72


@dataclass(frozen=True, slots=True)
class Answers:
    """What the first run found out, for the application to act on."""

    responsible: str
    organisation: str
    camera: str  # what `facekd.sources.open_source` takes; "" for later
    launcher: bool
    add_person: bool


@dataclass(frozen=True, slots=True)
class Setup:
    """What the first run may do; each runs off the interface thread."""

    default_place: str  # the file on this computer, in words
    given_place: str  # the store named at the start, in words; "" when there was none
    open_store: Callable[[str], bool]  # address ("" for this computer) -> whether there is no account yet
    create_first: Callable[[str, str], object]  # name, password -> session
    sample_video: str  # a file to try, or ""


class FirstRunPage(QWidget):
    """Walks through the steps.

    `finished(answers)` comes at the end, `has_accounts` when the database belongs to others already.
    """

    finished = Signal(object)
    has_accounts = Signal()

    def __init__(
        self, setup: Setup, tasks: Tasks, theme: Theme, language: Language, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._setup, self._tasks = setup, tasks
        self.look = LookStep(theme, language)
        self.notice = NoticeStep()
        self.place = PlaceStep(setup.default_place, setup.given_place, tasks)
        self.administrator = AdministratorStep()
        self.camera = CameraStep(setup.sample_video)
        self.ready = ReadyStep()
        self.steps: tuple[Step, ...] = (
            self.look,
            self.notice,
            self.place,
            self.administrator,
            self.camera,
            self.ready,
        )
        self._at = 0
        self._stack = QStackedWidget()
        for step in self.steps:
            self._stack.addWidget(step)
            step.changed.connect(self._refresh)
        self.back = Button(T("Back"), size="large", tip=T("Back"), key="Alt+Left")
        self.next = Button(T("Continue"), "primary", size="large")
        self._note = Label("", "small", "text.2")
        self._banner = Banner("danger", "", "")
        self._marks = [StepMark(number, step.title) for number, step in enumerate(self.steps, 1)]
        self._count = Label("", "label", "text.2")
        self._question = Label("", "title", wrap=True)
        self._sentence = Label("", "body", "text.2", wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._make_side())
        row.addWidget(Line(standing=True))
        row.addLayout(self._make_main(), 1)
        self.back.clicked.connect(self._go_back)
        self.next.clicked.connect(self._go_on)
        QShortcut(QKeySequence("Ctrl+Return"), self, self._go_on)
        for number, mark in enumerate(self._marks):
            mark.chosen.connect(lambda number=number: self._jump(number))
        self._refresh()

    @property
    def at(self) -> int:
        """The step that is shown, from 0."""
        return self._at

    # -- parts

    def _make_side(self) -> Panel:
        side = Panel("sunken")
        side.setFixedWidth(SIDE)
        column = QVBoxLayout(side)
        column.setContentsMargins(32, 40, 24, 32)
        column.setSpacing(0)
        column.addLayout(brand())
        column.addSpacing(30)
        column.addWidget(Label(T("Setting up, about a minute"), "body", "text.2"))
        column.addSpacing(22)
        for mark in self._marks:
            column.addWidget(mark)
        column.addStretch()
        column.addWidget(
            Label(T("Every answer can be changed later in Settings."), "small", "text.2", wrap=True)
        )
        return side

    def _make_main(self) -> QVBoxLayout:
        content = QWidget()
        content.setMaximumWidth(CONTENT)
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 64, 0, 24)
        column.setSpacing(0)
        column.addWidget(self._count)
        column.addSpacing(4)
        column.addWidget(self._question)
        column.addSpacing(6)
        column.addWidget(self._sentence)
        column.addSpacing(16)
        column.addWidget(self._banner)
        self._banner.hide()
        column.addSpacing(12)
        column.addWidget(self._stack, 1)
        inner = Panel("page")
        around = QHBoxLayout(inner)
        around.setContentsMargins(96, 0, 48, 0)
        around.addWidget(content, 1)
        around.addStretch(0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        foot = QWidget()
        foot.setFixedHeight(FOOT)
        buttons = QHBoxLayout()
        buttons.addWidget(self.back)
        buttons.addStretch()
        buttons.addWidget(self._note)
        buttons.addSpacing(8)
        buttons.addWidget(self.next)
        aligned = QWidget()
        aligned.setMaximumWidth(CONTENT)
        aligned.setLayout(buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        outer = QHBoxLayout(foot)
        outer.setContentsMargins(96, 0, 48, 0)
        outer.addWidget(aligned, 1)
        outer.addStretch(0)
        main = QVBoxLayout()
        main.setSpacing(0)
        main.addWidget(scroll, 1)
        main.addWidget(Line())
        main.addWidget(foot)
        return main

    # -- walking

    @Slot()
    def _refresh(self) -> None:
        step = self.steps[self._at]
        self._count.say(T("Step {n} of {all}", n=self._at + 1, all=len(self.steps)))
        self._question.say(step.question)
        self._sentence.say(step.sentence)
        self._stack.setCurrentWidget(step)
        self.back.setVisible(self._at > 0 and self._may_jump(self._at - 1))
        self.back.setEnabled(True)
        self.next.say(step.verb)
        why = step.why_not
        self.next.setEnabled(why is None)
        self._note.say(step.note if why is None else why)
        for number, mark in enumerate(self._marks):
            state = NOW if number == self._at else DONE if number < self._at else TO_COME
            answer = self.steps[number].answer if number < self._at else ""
            mark.show_state(state, answer, usable=self._may_jump(number))

    def _show(self, number: int) -> None:
        if number != self._at:
            self.steps[self._at].left()
        self._at = number
        self._banner.hide()
        if self.steps[number] is self.ready:
            self.ready.show_answers([(step.title, step.answer) for step in self.steps[:-1]])
        self._refresh()
        self.steps[number].entered()

    def _may_jump(self, number: int) -> bool:
        """Back, but not behind the store and its first account: they stay made."""
        return number < self._at and (self._at <= 3 or number > 3)

    def _jump(self, number: int) -> None:
        if self._may_jump(number):
            self._show(number)

    @Slot()
    def _go_back(self) -> None:
        if self._may_jump(self._at - 1) and self._at:
            self._show(self._at - 1)

    @Slot()
    def _go_on(self) -> None:
        if not self.next.isEnabled():
            return
        step = self.steps[self._at]
        if step is self.place:
            if self.place.wants_test:
                self.place.run_test()
                return
            address = self.place.address
            self._run(lambda: self._setup.open_store(address), self._store_open, T("Making the database"))
        elif step is self.administrator:
            name, password = self.administrator.name.text().strip(), self.administrator.pair.value or ""
            self._run(lambda: self._setup.create_first(name, password), self._made, T("Making the account"))
        elif step is self.ready:
            self.finished.emit(self.answers())
        else:
            self._show(self._at + 1)

    def shut_down(self) -> None:
        """The window closes, or the first run is over: what steps hold is given back."""
        for step in self.steps:
            step.shut_down()

    def answers(self) -> Answers:
        """What was said so far."""
        return Answers(
            self.notice.responsible.text().strip(),
            self.notice.organisation.text().strip(),
            self.camera.value,
            self.ready.launcher.isChecked(),
            self.ready.add_person.isChecked(),
        )

    def _run(self, work: Callable[[], object], done: Callable[[object], object], title: Text) -> None:
        self.next.setEnabled(False)
        self.back.setEnabled(False)
        self._tasks.run(lambda _progress: work(), done, self._failed, over=self, title=title)

    def _store_open(self, is_new: object) -> None:
        if is_new:
            self._show(self._at + 1)
        else:
            self.has_accounts.emit()

    def _made(self, _session: object) -> None:
        self._show(self._at + 1)

    def _failed(self, error: Exception) -> None:
        self._banner.show_message("danger", explain(error), "")
        self._banner.show()
        self._refresh()
