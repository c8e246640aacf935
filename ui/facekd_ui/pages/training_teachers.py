"""Who teaches whom: a model at hand, a finished run, any ONNX file with its stages, or nobody; and the student."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QGridLayout, QHBoxLayout, QWidget

from facekd.modelcard import ModelCard
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.context import PageContext
from facekd_ui.services.training import Teachers
from facekd_ui.services.training_drafts import Described, Draft
from facekd_ui.services.training_ends import name_of
from facekd_ui.services.training_words import network_word
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.checks import check_box
from facekd_ui.widgets.fields import Choice, FormRow
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.sheets import WIDE, Sheet

NOBODY, FILE = "none", "file"


class TeachersSection(QWidget):
    """Two choices side by side. `changed` comes when the draft has another teacher or student."""

    changed = Signal()

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._draft = Draft()
        self._described: Described | None = None
        self._teachers = Teachers((), ())
        self.teacher = Choice({NOBODY: T("nobody")})
        self.student = Choice({"": ""})
        self.stages = Button(T("Stages…"), "link")
        self.stages.clicked.connect(self._ask_stages)
        self.teacher_row = FormRow(T("Teacher"), self.teacher)
        self.student_row = FormRow(T("Student"), self.student)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        left = QGridLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(self.teacher_row, 0, 0)
        left.setRowStretch(1, 1)
        row.addLayout(left, 1)
        right = QGridLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.addWidget(self.student_row, 0, 0)
        right.setRowStretch(1, 1)
        row.addLayout(right, 1)
        self.teacher.chosen.connect(self._teacher_chosen)
        self.student.chosen.connect(self._student_chosen)

    def show_draft(self, draft: Draft, described: Described, teachers: Teachers) -> None:
        """The teacher and student of a draft, among those that there are."""
        self._draft, self._described, self._teachers = draft, described, teachers
        self.refill()

    def refill(self) -> None:
        """The choices of the draft's task."""
        assert self._described is not None
        draft, task = self._draft, self._draft.get("data", "task", "face")
        kind = "embedder" if task == "face" else "classifier"
        options: dict[str, Text | str] = {NOBODY: T("nobody")}
        for model in self._teachers.models:
            if model.card.kind == kind:
                options[str(model.path)] = _model_words(model.card)
        for run in self._teachers.runs:
            if run.config.get("data", {}).get("task") == task:
                options[str(run.folder)] = T(
                    "{run}, {student}", run=name_of(run), student=network_word(run.student)
                )
        path = str(draft.get("teacher", "path", ""))
        others = {str(model.path) for model in self._teachers.models} | {
            str(r.folder) for r in self._teachers.runs
        }
        if path in others - options.keys():  # one for another task: it cannot teach this one
            draft.table["teacher"], path = {"kind": "none"}, ""
        if path and path not in options:
            options[path] = Path(path).name
        options[FILE] = T("another ONNX file…")
        self.teacher.set_options(options)
        self.teacher.choose(path if draft.get("teacher", "kind", "none") != "none" and path else NOBODY)
        networks = self._described.networks_for(task)
        self.student.set_options({name: network_word(name) for name in networks})
        if draft.get("student", "network") not in networks:
            draft.table["student"] = {"network": next(iter(networks))}
        self.student.choose(draft.get("student", "network"))
        self._explain()

    def choose_teacher(self, path: Path) -> None:
        """As if it were chosen."""
        self._take(path)
        self.refill()
        self.changed.emit()

    def _teacher_chosen(self, key: str) -> None:
        if key == FILE:
            name, _ = QFileDialog.getOpenFileName(self, str(T("A teacher")), "", "ONNX (*.onnx)")
            if not name:
                self.refill()
                return
            self.choose_teacher(Path(name))
            return
        if key == NOBODY:
            self._draft.table["teacher"] = {"kind": "none"}
        else:
            self._take(Path(key))
        self._explain()
        self.changed.emit()

    def _take(self, path: Path) -> None:
        self._draft.table["teacher"] = {"kind": "run" if path.is_dir() else "onnx", "path": str(path)}

    def _student_chosen(self, key: str) -> None:
        self._draft.table["student"] = {"network": key}
        self._explain()
        self.changed.emit()

    def _explain(self) -> None:
        path = str(self._draft.get("teacher", "path", ""))
        is_file = self._draft.get("teacher", "kind") == "onnx"
        self.stages.setVisible(is_file)
        card = next((model.card for model in self._teachers.models if str(model.path) == path), None)
        if self._draft.get("teacher", "kind", "none") == "none":
            self.teacher_row.set_help(T("The student learns from labels alone."))
        elif card is not None:
            self.teacher_row.set_help(
                T("Licence: {licence}; {n} numbers", licence=card.licence, n=card.dim or 0)
            )
        else:
            self.teacher_row.set_help("" if not is_file else T("Its card lies beside it."))
        title = self._described.networks[self.student.value]["title"] if self._described else ""
        self.student_row.set_help(title)

    # -- stages

    def _ask_stages(self) -> None:
        path = Path(str(self._draft.get("teacher", "path", "")))
        training = self._context.services.training
        self._context.work.run(
            lambda _progress: training.stages(path),
            self._show_stages,
            self._context.fail,
            over=self,
            title=T("Reading the teacher"),
        )

    def _show_stages(self, found: dict[str, Any]) -> None:
        sheet = StagesSheet(self, found, self._draft.get("teacher", "stages", []))
        sheet.finished.connect(sheet.deleteLater)
        sheet.accepted.connect(lambda: self._take_stages(sheet.chosen, found["default"]))
        sheet.open()

    def _take_stages(self, chosen: list[str], default: list[str]) -> None:
        self._draft.put("teacher", "stages", None if chosen == default or not chosen else chosen)
        self.changed.emit()


class StagesSheet(Sheet):
    """Which tensors of an ONNX file are stages, shallow to deep; the last of every stride unless one chooses."""

    def __init__(self, parent: QWidget, found: dict[str, Any], chosen: list[str]) -> None:
        super().__init__(parent, T("Stages of the teacher"), WIDE)
        self.body.addWidget(Label(T("Stages of the teacher"), "section"))
        words = T(
            "The student's stages are compared with these tensors, shallow to deep. The last one of every size is the "
            "usual choice."
        )
        self.body.addWidget(Label(words, "body", "text.2", wrap=True))
        self._boxes: dict[str, QCheckBox] = {}
        ticked = chosen or found["default"]
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        shown = [
            one
            for one in found["tensors"]
            if one["name"] in ticked or one in _last_of_stride(found["tensors"])
        ]
        for row, one in enumerate(shown):
            box = check_box(one["name"])
            box.setChecked(one["name"] in ticked)
            self._boxes[one["name"]] = box
            grid.addWidget(box, row, 0)
            facts = T("{n} channels, 1/{stride} of the side", n=one["channels"], stride=one["stride"])
            grid.addWidget(Label(facts, "small", "text.2"), row, 1)
        self.body.addLayout(grid)
        take = Button(T("Use these"), "primary")
        take.clicked.connect(self.accept)
        self.end_with(take)

    @property
    def chosen(self) -> list[str]:
        """In the order of the file."""
        return [name for name, box in self._boxes.items() if box.isChecked()]


def _last_of_stride(tensors: list[dict[str, Any]], each: int = 3) -> list[dict[str, Any]]:
    """The deepest few of every size; a network has far more tensors than anybody chooses between."""
    by_stride: dict[int, list[dict[str, Any]]] = {}
    for one in tensors:
        by_stride.setdefault(one["stride"], []).append(one)
    return [one for those in by_stride.values() for one in those[-each:]]


def _model_words(card: ModelCard) -> str:
    return card.name.replace("_", " ")
