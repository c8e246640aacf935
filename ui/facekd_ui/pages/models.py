"""The Models page: which recognisers there are, how good they are here, the line for a name, the change of one."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from facekd.evaluation.gate import Verdict
from facekd.models import ModelFile
from facekd_ui.i18n.formats import date
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.models_card import CardTab
from facekd_ui.pages.models_compare import CompareTab
from facekd_ui.pages.models_deploy import DeployTab
from facekd_ui.pages.models_history import HistoryTab
from facekd_ui.pages.models_import import ImportView
from facekd_ui.pages.models_list import ModelsList, offer_words
from facekd_ui.pages.models_renewal import Far
from facekd_ui.pages.models_threshold import ThresholdTab
from facekd_ui.pages.models_words import title
from facekd_ui.pages.pictures import dropped_paths
from facekd_ui.services.comparing import Timing
from facekd_ui.services.model_shelf import Role, Shelf, Shelved
from facekd_ui.services.standing import Standing, Switched
from facekd_ui.shell.actions import action, button_for
from facekd_ui.theme.theme import grown, set_type
from facekd_ui.widgets.banners import ErrorState
from facekd_ui.widgets.busy import Skeleton
from facekd_ui.widgets.buttons import Button, Line
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.labels import ElidedLabel
from facekd_ui.widgets.sheets import Question

WIDE, NARROW, NARROW_BELOW = 288, 248, 1330  # of the page: a window of 1400 less the rail
SKELETON_MS = 600
CARD, COMPARE, THRESHOLD, DEPLOY, HISTORY = range(5)
TABS: tuple[Text, ...] = (T("Card"), T("Compare"), T("Threshold"), T("Deploy"), T("History"))


@dataclass(frozen=True, slots=True)
class _Read:
    shelf: Shelf
    standing: Standing


class ModelsPage(QWidget):
    """List at the left, tabs of the chosen one at the right.

    `recogniser_changed` says that another model names people from now on; `job(words or None, fraction, seconds)` is
    for the status line.
    """

    recogniser_changed = Signal()
    job = Signal(object, object, object)

    def __init__(self, context: PageContext, home: Path) -> None:
        super().__init__()
        self._context = context
        self._standing: Standing | None = None
        self._wanted: str | None = None
        self._to_time: list[str] = []
        self.setAcceptDrops(True)
        self._make_actions()
        self.list = ModelsList(button_for(self.import_action, size="small"), button_for(self.back_action))
        self.list.chosen.connect(self._chosen)
        self._title, self._subtitle = ElidedLabel("", "title"), ElidedLabel("", "body", "text.2")
        self.card = CardTab(self._open_run)
        self.compare = CompareTab(context, self._button_to_deploy())
        self.threshold = ThresholdTab(context)
        self.deploy = DeployTab(context, home, self._button_to_compare())
        self.history = HistoryTab(context)
        self.bring = ImportView(context)
        self.error = ErrorState()
        self.error.retry.connect(self.refresh)
        self._patience = QTimer(self, singleShot=True, interval=SKELETON_MS)
        self._patience.timeout.connect(lambda: self._stack.setCurrentWidget(self._skeleton))
        self._lay_out()
        self.compare.judged.connect(self._judged)
        self.deploy.changed.connect(self._changed)
        self.deploy.working.connect(self._tell_work)
        self.bring.brought.connect(self._brought)
        self.bring.left.connect(self._leave_import)
        self._allow()

    # -- for the window

    def opened(self) -> None:
        """The page is shown."""
        self.refresh()

    def store_found(self) -> None:
        """The store is back."""
        self.refresh()

    def show_what(self, what: object) -> None:
        """A model's id: it is chosen as soon as the list is read."""
        if isinstance(what, ModelFile):
            what = what.card.id
        if isinstance(what, str):
            self._wanted = what
            self.refresh()

    def shut_down(self) -> None:
        """Work under way pauses; what it made stays."""
        self.deploy.shut_down()

    def retranslate(self) -> None:
        """Tabs and list."""
        for place, words in enumerate(TABS):
            self.tabs.setTabText(place, str(words))
        self.list.retranslate()
        self._say_title()

    def refresh(self) -> None:
        """Reads models and standing again."""
        services = self._context.services
        self._patience.start()
        self._context.work.run(
            lambda _progress: _Read(services.models.shelf(), services.deployment.state()),
            self._show,
            self._failed,
            over=self,
            replaces="models",
        )

    # -- made of

    def _make_actions(self) -> None:
        self.import_action = action(self, T("Import…"), self.ask_import, "Ctrl+I", "upload")
        self.compare_action = action(self, T("Compare"), self._compare, "C", "compare")
        self.deploy_action = action(self, T("Deploy"), self._deploy, "Ctrl+Return", "layers")
        self.back_action = action(self, T("Roll back…"), self.ask_back, "Ctrl+Shift+Z", "rollback")
        action(self, T("Look again"), self.refresh, "F5", "refresh")

    def _button_to_deploy(self) -> Button:
        self._to_deploy = Button(T("Deploy…"), "primary")
        self._to_deploy.clicked.connect(partial(self.open_tab, DEPLOY))
        return self._to_deploy

    def _button_to_compare(self) -> Button:
        button = Button(T("Compare"), "primary", "compare")
        button.clicked.connect(self._compare)
        return button

    def _lay_out(self) -> None:
        self.tabs = QTabBar()
        set_type(self.tabs, "medium")
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        say(self.tabs, T("What is known of this model"), "accessibleName")
        for words in TABS:
            self.tabs.addTab(str(words))
        self._pages = QStackedWidget()
        for tab in (self.card, self.compare, self.threshold, self.deploy, self.history):
            self._pages.addWidget(_scrolled(tab))
        self.tabs.currentChanged.connect(self._tab_opened)
        head = QVBoxLayout()
        head.setSpacing(2)
        head.addWidget(self._title)
        head.addWidget(self._subtitle)
        about = QWidget()
        right = QVBoxLayout(about)
        right.setContentsMargins(24, 18, 24, 16)
        right.setSpacing(0)
        right.addLayout(head)
        right.addSpacing(14)
        right.addWidget(self.tabs)
        right.addWidget(Line())
        right.addSpacing(16)
        right.addWidget(self._pages, 1)
        self._about = about
        self._side = QStackedWidget()
        for widget in (about, _scrolled(self.bring)):
            self._side.addWidget(widget)
        inner = QWidget()
        row = QHBoxLayout(inner)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.list)
        row.addWidget(Line(standing=True))
        row.addWidget(self._side, 1)
        self._skeleton, self._filled = Skeleton(8, photos=False), inner
        self._stack = QStackedWidget()
        for widget in (QWidget(), inner, self._skeleton, self.error):
            self._stack.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    # -- reading

    def _show(self, read: _Read) -> None:
        self._patience.stop()
        self._standing = read.standing
        current = self.list.current
        chosen = self._wanted or (current.id if current is not None else None)
        self._wanted = None
        self.list.show_offer(read.standing.rollback)
        self._stack.setCurrentWidget(self._filled)
        self.list.show_shelf(read.shelf, chosen)
        known = self.list.model.timings
        self._to_time = [m.id for m in (*read.shelf.recognisers, *read.shelf.finders) if m.id not in known]
        self._time_next()
        self._allow()

    def _failed(self, error: Exception) -> None:
        self._patience.stop()
        self.error.show_error(
            T("The models cannot be read"), explain(error), f"{type(error).__name__}: {error}"
        )
        self._stack.setCurrentWidget(self.error)

    def _time_next(self) -> None:
        """One after the other, so that they do not disturb each other."""
        if not self._to_time:
            return
        key, models = self._to_time.pop(0), self._context.services.models

        def done(timing: Timing) -> None:
            self.list.model.show_timing(key, timing)
            current = self.list.current
            if current is not None and current.id == key:
                self.card.show_timing(current, timing)
            self._time_next()

        self._context.work.run(
            lambda _progress: models.time(key), done, lambda _error: self._time_next(), replaces="model times"
        )

    # -- the chosen model

    def _chosen(self, model: Shelved | None) -> None:
        if self._side.currentWidget() is not self._about:
            self._leave_import()
        self._say_title()
        self._to_deploy.setEnabled(False)
        if model is None:
            return
        self.card.show_model(model, self.list.model.timings.get(model.id))
        active = self._standing.active if self._standing is not None else None
        self.compare.show_model(model, "" if active is None else active.model_id)
        self.deploy.show_model(model, self._standing)
        other = active is not None and active.model_id != model.id
        self.threshold.show_owner(active.name.replace("_", " ") if active is not None and other else None)
        self._tab_opened(self.tabs.currentIndex())
        self._allow()

    def _say_title(self) -> None:
        model = self.list.current
        self._title.say("" if model is None else title(model))
        self._subtitle.say("" if model is None else self._about_words(model))

    def _about_words(self, model: Shelved) -> Text | str:
        active = self._standing.active if self._standing is not None else None
        if model.file.card.kind == "detector":
            return T("Finds faces, in use") if model.role is Role.ACTIVE else T("Finds faces, not in use")
        match model.role:
            case Role.ACTIVE if model.since is not None:
                return T("Active since {day}", day=date(model.since.astimezone()))
            case Role.ACTIVE:
                return T("Active")
            case Role.PREVIOUS:
                return T("The recogniser before this one; it can be brought back")
            case Role.STAGING:
                return T("Being deployed")
        if active is None:
            return T("Candidate")
        return T("Candidate, beside the active {name}", name=active.name.replace("_", " "))

    def open_tab(self, tab: int) -> None:
        """Shows a tab."""
        self.tabs.setCurrentIndex(tab)

    def _tab_opened(self, tab: int) -> None:
        self._pages.setCurrentIndex(tab)
        if tab == THRESHOLD:
            self.threshold.refresh()
        elif tab == HISTORY:
            self.history.refresh()
        self._allow()

    def _judged(self, verdict: Verdict | None, overridden: bool) -> None:
        is_open = overridden or (verdict is not None and verdict.open)
        may = self._context.session.may("deployment.stage")
        self._to_deploy.setEnabled(is_open)
        why = "" if is_open else T("The gate is not open.") if may else T("An administrator deploys.")
        say(self._to_deploy, why, "toolTip")
        self.deploy.refresh()

    def _open_run(self, model: Shelved) -> None:
        if model.run is not None:
            self._context.go("training", model.run.folder)

    # -- acts

    def _allow(self) -> None:
        offer = self._standing.rollback if self._standing is not None else None
        self.back_action.setEnabled(offer is not None and self._context.session.may("deployment.roll_back"))
        self.compare_action.setEnabled(self.compare.can_compare)
        self.deploy_action.setEnabled(self.compare.can_compare)

    def _compare(self) -> None:
        """Opens the tab; a second time, or where nothing is compared yet, compares."""
        again = self.tabs.currentIndex() == COMPARE or not self.compare.has_figures
        self.open_tab(COMPARE)
        if again:
            self.compare.compare()

    def _deploy(self) -> None:
        """Opens the tab; there it begins, or switches."""
        if self.tabs.currentIndex() != DEPLOY:
            self.open_tab(DEPLOY)
        elif self.deploy.switch.isVisible():
            self.deploy.ask_switch()
        else:
            self.deploy.start()

    def ask_back(self) -> None:
        """Asks, then brings the recogniser before back."""
        offer = self._standing.rollback if self._standing is not None else None
        if offer is None:
            return
        name = offer.name.replace("_", " ")
        sheet = Question(self, T("Go back to {name}?", name=name), offer_words(offer), T("Roll back"))
        deployment = self._context.services.deployment

        def done(switched: Switched) -> None:
            self._context.toasts.show(T("{name} recognises again", name=name))
            self._changed(switched)

        sheet.accepted.connect(
            lambda: self._context.work.run(
                lambda _progress: deployment.roll_back(offer.model_id), done, self._not_back, over=self
            )
        )
        sheet.open()

    def _not_back(self, error: Exception) -> None:
        self._context.fail(error)
        self.refresh()

    def _changed(self, switched: Switched | None) -> None:
        """Templates or the pointer changed."""
        if switched is not None:
            self.recogniser_changed.emit()
        self.refresh()

    def _tell_work(self, words: Text | None, far: Far | None) -> None:
        fraction = far.done / far.total if far is not None and far.total else None
        self.job.emit(words, fraction, far.seconds_left if far is not None else None)

    # -- importing

    def ask_import(self) -> None:
        """Shows the place where a file can be dropped."""
        self.bring.begin()
        self._side.setCurrentIndex(1)

    def _brought(self, model: ModelFile) -> None:
        self._side.setCurrentWidget(self._about)
        self.tabs.setCurrentIndex(CARD)
        self._context.toasts.show(T("{name} is among the models", name=model.card.name.replace("_", " ")))
        self.show_what(model)

    def _leave_import(self) -> None:
        self._side.setCurrentWidget(self._about)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A model file is welcome anywhere on the page."""
        if self._dropped(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Looks at the file."""
        path = self._dropped(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            self.ask_import()
            self.bring.look_at(path)

    @staticmethod
    def _dropped(data: QMimeData) -> Path | None:
        return next((path for path in dropped_paths(data) if path.suffix.lower() == ".onnx"), None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The list is narrower in small windows."""
        super().resizeEvent(event)
        self.list.setFixedWidth(grown(NARROW if self.width() < NARROW_BELOW else WIDE))


def _scrolled(tab: QWidget) -> QScrollArea:
    """Large text in a small window."""
    inner = Panel("page")
    column = QVBoxLayout(inner)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(tab)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setWidget(inner)
    return scroll
