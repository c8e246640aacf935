"""Deploy: what must hold first, the renewal of the photographs, the new line beside the old one, and the switch."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.models_checklist import checklist, names_of, outcome
from facekd_ui.pages.models_renewal import RenewalCard, how_far
from facekd_ui.pages.models_words import title
from facekd_ui.services.model_shelf import Role, Shelved
from facekd_ui.services.standing import Plan, Staged, Standing, Switched
from facekd_ui.widgets.banners import Banner, EmptyState
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.sheets import WIDE, Question


class DeployTab(QWidget):
    """`changed(Switched)`: another model recognises. `working(words or None, Far or None)`: for the status line."""

    changed = Signal(object)
    working = Signal(object, object)

    def __init__(
        self, context: PageContext, home: Path, compare: Button, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._context, self._home, self._compare = context, home, compare
        self._model: Shelved | None = None
        self.plan: Plan | None = None
        self._standing: Standing | None = None
        self._staged: Staged | None = None
        self._busy = ""  # id of the model that is being prepared here
        self._given_up: Shelved | None = None  # while its work still comes to its end
        self.banner = Banner("info", "")
        self.checks = Card(T("Before it begins"))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(12)
        self.checks.body.addLayout(self._rows)
        self.renewal = RenewalCard()
        self.renewal.cancel_asked.connect(self.ask_cancel)
        self.renewal.looked.connect(lambda far: self.working.emit(how_far(far), far))
        self.ready = Card(T("Ready to switch"))
        self._ready_rows = QVBoxLayout()
        self._ready_rows.setSpacing(12)
        self.ready.body.addLayout(self._ready_rows)
        self.begin = Button(T("Deploy"), "primary")
        self.begin.clicked.connect(self.start)
        self.give_up = Button(T("Give it up…"))
        self.give_up.clicked.connect(self.ask_cancel)
        self.switch = Button(T("Switch…"), "primary")
        self.switch.clicked.connect(self.ask_switch)
        self.purge = Button(T("Remove its templates…"), "danger", "trash")
        self.purge.clicked.connect(self.ask_purge)
        self._foot = Label("", "small", "text.2", wrap=True)
        self._empty = EmptyState(
            "layers", T("This recogniser is in use"), T("Choose another one to deploy it.")
        )
        self._lay_out()

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._foot, 1)
        for button in (self.purge, self._compare, self.give_up, self.begin, self.switch):
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for widget in (self.banner, self.checks, self.renewal, self.ready):
            column.addWidget(widget)
        column.addWidget(self._empty, 1)
        column.addStretch()
        column.addLayout(foot)

    # -- what the page calls

    def show_model(self, model: Shelved | None, standing: Standing | None) -> None:
        """Another model: its plan is read."""
        if model is None or self._model is None or model.id != self._model.id:
            self.banner.hide()
            self.plan = self._staged = None
        self._model, self._standing = model, standing
        self._draw()
        if self._is_candidate and self._context.session.may("deployment.plan"):
            self.refresh()

    def refresh(self) -> None:
        """Reads the plan again."""
        model, deployment = self._model, self._context.services.deployment
        if model is None or not self._is_candidate:
            return

        def done(plan: Plan) -> None:
            if self._shows(model):
                self.plan = plan
                self._draw()

        def failed(error: Exception) -> None:
            if self._shows(model):
                self._tell("danger", explain(error), "")

        self._context.work.run(lambda _p: deployment.plan(model.id), done, failed, over=self, replaces="plan")

    def _shows(self, model: Shelved) -> bool:
        return self._model is not None and self._model.id == model.id

    @property
    def is_working(self) -> bool:
        """Whether photographs are renewed here at this moment."""
        return bool(self._busy)

    def shut_down(self) -> None:
        """The window goes away: the work pauses, what is made stays."""
        self.renewal.stop()

    def start(self) -> None:
        """Renews the photographs, or goes on with it."""
        model = self._model
        if model is None or self._busy or not self.begin.isEnabled() or self.begin.isHidden():
            return
        self._busy = model.id
        far, deployment = self.renewal.begin(title(model)), self._context.services.deployment
        self.banner.hide()
        self._draw()
        self._context.work.run(
            lambda _progress: deployment.stage(model.id, far),
            lambda staged: self._prepared(model, staged),
            lambda error: self._stopped(model, error),
            over=self,
        )

    def ask_switch(self) -> None:
        """Asks, then lets the new model speak."""
        staged, model = self._staged, self._model
        if staged is None or model is None:
            return
        words: Text = T("From one moment to the next it names everyone, at every desk. It can be taken back.")
        if staged.lost:
            words = Tn(
                "{n} person has no photograph that it can use and must be enrolled anew: {names}.",
                "{n} people have no photograph that it can use and must be enrolled anew: {names}.",
                len(staged.lost),
                names=names_of(staged.lost),
            )
        sheet = Question(self, T("Switch to {name}?", name=title(model)), words, T("Switch"), width=WIDE)
        accept = tuple(each.person_id for each in staged.lost)
        sheet.accepted.connect(lambda: self._switch(model, accept))
        self._open(sheet)

    def ask_cancel(self) -> None:
        """Asks, then removes what was prepared."""
        model = self._model
        if model is None:
            return
        sheet = Question(
            self,
            T("Give the deployment of {name} up?", name=title(model)),
            T("What was prepared is removed. The recogniser in use stays as it is."),
            T("Give it up"),
        )
        sheet.accepted.connect(lambda: self._cancel(model))
        self._open(sheet)

    def ask_purge(self) -> None:
        """Asks, then makes the way back impossible."""
        model = self._model
        if model is None:
            return
        sheet = Question(
            self,
            T("Remove the templates of {name}?", name=title(model)),
            T("It cannot be brought back in a second afterwards, only deployed anew. Its file stays."),
            T("Remove"),
            danger=True,
        )
        deployment = self._context.services.deployment

        def done(_count: int) -> None:
            self._context.toasts.show(T("The templates of {name} are removed", name=title(model)))
            self.changed.emit(None)

        sheet.accepted.connect(lambda: self._context.ask(lambda: deployment.purge(model.id), done, over=self))
        self._open(sheet)

    # -- outcomes

    def _prepared(self, model: Shelved, staged: Staged) -> None:
        self._end_work()
        if self._given_up is not None:
            self._cancel(model)
            return
        if self._shows(model):
            self._staged = staged if staged.complete else None
            if not staged.complete:
                self._tell(
                    "info",
                    T("Paused."),
                    T(
                        "{done} of {total} photos are renewed and stay so.",
                        done=staged.done,
                        total=staged.total,
                    ),
                )
        self.refresh()
        self.changed.emit(None)

    def _stopped(self, model: Shelved, error: Exception) -> None:
        self._end_work()
        if self._shows(model):
            self._tell(
                "danger",
                T("Stopped. The old recogniser is still active, nothing has changed."),
                explain(error),
            )
            self._draw()

    def _end_work(self) -> None:
        self._busy = ""
        self.renewal.end()
        self.working.emit(None, None)

    def _switch(self, model: Shelved, accept: Sequence[int]) -> None:
        deployment = self._context.services.deployment
        self.switch.setEnabled(False)

        def done(switched: Switched) -> None:
            self._staged = None
            self._context.toasts.show(T("{name} recognises now", name=title(model)))
            self.changed.emit(switched)

        self._context.work.run(
            lambda _progress: deployment.switch(model.id, accept),
            done,
            lambda error: self._stopped(model, error),
            over=self,
        )

    def _cancel(self, model: Shelved) -> None:
        """Work under way ends first: it would go on writing."""
        if self._busy == model.id:
            self._given_up = model
            self.renewal.stop()
            return
        self._given_up = None
        deployment = self._context.services.deployment

        def done(_count: int) -> None:
            self._staged = None
            self._tell("info", T("Given up."), T("The recogniser in use stays as it was."))
            self.changed.emit(None)

        self._context.ask(lambda: deployment.cancel(model.id), done, over=self)

    def _tell(self, kind: str, lead: Text | str, rest: Text | str) -> None:
        self.banner.show_message(kind, lead, rest, ())
        self.banner.show()

    def _open(self, sheet: Question) -> None:
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.open()

    # -- what is shown

    @property
    def _is_candidate(self) -> bool:
        model = self._model
        return (
            model is not None
            and model.file.card.kind == "embedder"
            and model.role in (Role.CANDIDATE, Role.STAGING)
        )

    def _draw(self) -> None:
        model, plan = self._model, self.plan
        may = self._context.session.may("deployment.stage")
        here = model is not None and self._busy == model.id
        candidate = self._is_candidate
        previous = model is not None and model.role is Role.PREVIOUS
        self._empty.setVisible(model is not None and not candidate and not previous)
        self.checks.setVisible(candidate and plan is not None and not here and self._staged is None)
        self.renewal.setVisible(here)
        self.ready.setVisible(self._staged is not None and candidate)
        self.switch.setVisible(self._staged is not None and may)
        self.switch.setEnabled(True)
        begun = plan is not None and plan.staged > 0
        self.begin.setVisible(candidate and may and not here and self._staged is None)
        self.begin.say(T("Go on") if begun else T("Deploy"))
        self.begin.setEnabled(plan is not None and plan.may_begin and not self._busy)
        self.give_up.setVisible(
            candidate and may and model is not None and model.role is Role.STAGING and not here
        )
        self.purge.setVisible(previous and self._context.session.may("deployment.purge"))
        self._compare.setVisible(candidate and plan is not None and plan.gate is None)
        self._foot.say(self._foot_words(may=may))
        if plan is not None and candidate:
            self._fill(self._rows, checklist(plan, self._home, self._standing, is_here=bool(self._busy)))
        if self._staged is not None:
            self._fill(self._ready_rows, outcome(self._staged))

    def _foot_words(self, *, may: bool) -> Text | str:
        model, plan = self._model, self.plan
        if model is None:
            return ""
        if model.role is Role.PREVIOUS:
            return T("The recogniser before this one. Roll back brings it back in less than a second.")
        if not self._is_candidate:
            return ""
        if not may:
            return T("An administrator deploys. You can compare and say what you found.")
        if plan is None:
            return ""
        if not plan.may_begin:
            return T("Deploy is closed until the gate is open.")
        return Tn(
            "Deploying renews {n} photo. The live picture goes on.",
            "Deploying renews {n} photos. The live picture goes on.",
            plan.photos - plan.staged,
        )

    @staticmethod
    def _fill(rows: QVBoxLayout, widgets: Sequence[QWidget]) -> None:
        while (item := rows.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for widget in widgets:
            rows.addWidget(widget)
