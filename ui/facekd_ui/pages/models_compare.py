"""Compare: a candidate beside the recogniser in use, question by question, with the gate's word and its reasons."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from facekd.evaluation.gate import Verdict, decide
from facekd_ui.i18n.formats import moment
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.context import PageContext, Told
from facekd_ui.pages.failures import explain
from facekd_ui.pages.models_disagreements import DisagreementsCard
from facekd_ui.pages.models_gate import GateCard, gate_words, terms_of
from facekd_ui.pages.models_override import OverrideSheet
from facekd_ui.pages.models_words import share, title
from facekd_ui.services.comparing import FarRow
from facekd_ui.services.comparison import Comparison
from facekd_ui.services.model_shelf import CONFIDENCE_KEY, MARGIN_KEY, Role, Shelved, Stated
from facekd_ui.services.progress import Stopped
from facekd_ui.tables.people import now
from facekd_ui.widgets.banners import Banner, EmptyState, ErrorState
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.labels import Label

Asked = tuple[Comparison | None, Stated]


class CompareTab(QWidget):
    """`judged(verdict or None, overridden)` comes whenever the gate's word may be another one."""

    judged = Signal(object, bool)

    def __init__(self, context: PageContext, deploy: Button, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._model: Shelved | None = None
        self._about_what: tuple[str, Role, str] | None = None  # model, its role, the one in use
        self._comparison: Comparison | None = None
        self._stated: Stated | None = None
        self._may_state = context.session.may("shared.put")
        self.gate = GateCard(may_state=self._may_state)
        self.gate.stated.connect(self._state)
        self.banner = Banner("warning", "")
        self.found = DisagreementsCard(context)
        self._rates = _RatesCard()
        self._about = Label("", "small", "text.2", wrap=True)
        self.again = Button(T("Compare again"), icon="refresh")
        self.again.clicked.connect(self.compare)
        self.first = Button(T("Compare now"), "primary", "compare", key="")
        self.first.clicked.connect(self.compare)
        self.error = ErrorState()
        self.error.retry.connect(self._ask)
        self._stack = QStackedWidget()
        self._result = self._lay_out(deploy)
        self._empty = EmptyState(
            "compare",
            T("Not compared yet"),
            T("Both recognisers answer the same questions about the people on file, from their photographs."),
            self.first,
        )
        self._active = EmptyState(
            "layers",
            T("This recogniser is in use"),
            T("Choose another one at the left to compare it with this one."),
        )
        self._finder = EmptyState(
            "scan-face",
            T("Face finders are not compared here"),
            T("Which one is used stands in the settings of this computer."),
        )
        for widget in (QWidget(), self._result, self._empty, self._active, self._finder, self.error):
            self._stack.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    def _lay_out(self, deploy: Button) -> QWidget:
        result = QWidget()
        below = QHBoxLayout()
        below.setSpacing(12)
        below.addWidget(self.found, 62)
        below.addWidget(self._rates, 38)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._about, 1)
        foot.addWidget(self.again)
        foot.addWidget(deploy)
        column = QVBoxLayout(result)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.gate)
        column.addWidget(self.banner)
        column.addLayout(below)
        column.addStretch()
        column.addLayout(foot)
        return result

    # -- what the page calls

    def show_model(self, model: Shelved | None, active_id: str) -> None:
        """Another model, or another one in use: their newest comparison is read."""
        about = None if model is None else (model.id, model.role, active_id)
        self._model = model
        if about == self._about_what and about is not None:
            return  # read again for something else: what is shown still holds
        self._about_what, self._comparison = about, None
        self._stack.setCurrentIndex(0)
        if model is None:
            return
        if model.file.card.kind == "detector":
            self._stack.setCurrentWidget(self._finder)
        elif model.role is Role.ACTIVE:
            self._stack.setCurrentWidget(self._active)
        else:
            self._ask()

    @property
    def can_compare(self) -> bool:
        """Whether C does something here."""
        model = self._model
        return model is not None and model.file.card.kind == "embedder" and model.role is not Role.ACTIVE

    @property
    def has_figures(self) -> bool:
        """Whether a comparison is shown."""
        return self._comparison is not None

    def compare(self) -> None:
        """Asks both models, off the interface thread, with progress and Cancel."""
        if self._model is None or not self.can_compare:
            return
        model, services = self._model, self._context.services
        for button in (self.first, self.again):
            button.setEnabled(False)
        self._context.work.run(
            lambda progress: (
                services.comparison.run(model.id, watch=Told(progress)),
                services.models.terms(),
            ),
            lambda found: self._show(model, found, fresh=True),
            self._failed,
            over=self,
            title=T("Comparing {name} with the recogniser in use", name=title(model)),
        )

    # -- inside

    def _ask(self) -> None:
        if self._model is None:
            return
        model, services = self._model, self._context.services

        def read() -> Asked:
            return services.comparison.latest(model.id), services.models.terms()

        self._context.ask(
            read, lambda found: self._show(model, found), self._broken, over=self, replaces="compared"
        )

    def _show(self, model: Shelved, found: Asked, *, fresh: bool = False) -> None:
        for button in (self.first, self.again):
            button.setEnabled(True)
        if self._model is None or self._model.id != model.id:
            return
        self._comparison, self._stated = found
        if self._comparison is None:
            self._stack.setCurrentWidget(self._empty)
            self.judged.emit(None, False)
            return
        comparison = self._comparison
        self.gate.show_terms(self._stated)
        self._judge()
        self.found.show_found(comparison.disagreements if fresh else None)
        self._rates.show_rows(comparison.figures.verification)
        self._about.say(_about(comparison))
        self._stack.setCurrentWidget(self._result)

    def _judge(self) -> None:
        assert self._comparison is not None
        assert self._stated is not None
        verdict = decide(self._comparison.figures.questions, terms_of(self._stated))
        self.gate.show_figures(self._comparison.figures, verdict)
        by = self._comparison.vouched_by
        if by is not None:
            words = T("{name} answers for it: {reason}", name=by, reason=self._comparison.reason)
            self.banner.show_message("info", T("The gate is overridden."), words, ())
        else:
            self.banner.show_message(*gate_words(verdict), self._ways_out(verdict))
        self.judged.emit(verdict, by is not None)

    def _ways_out(self, verdict: Verdict) -> tuple[tuple[Text, Callable[[], object]], ...]:
        if verdict.open or not self._context.session.may("deployment.override"):
            return ()
        return ((T("Override with a second person…"), self.ask_override),)

    def ask_override(self) -> None:
        """Opens the sheet for the second administrator."""
        if self._model is not None:
            sheet = OverrideSheet(self, self._context, self._model.id, title(self._model), self._ask)
            sheet.open()

    def _state(self, margin: float, confidence: float) -> None:
        """Keeps the two numbers for every desk; the verdict follows at once."""
        stated = self._stated
        if stated is None or (margin, confidence) == (stated.margin_points, stated.confidence_percent):
            return
        services = self._context.services

        def put() -> Stated:
            if margin != stated.margin_points:
                services.shared.put(MARGIN_KEY, margin, stated.margin_version)
            if confidence != stated.confidence_percent:
                services.shared.put(CONFIDENCE_KEY, confidence, stated.confidence_version)
            return services.models.terms()

        self._context.ask(put, self._take_terms, self._not_stated, over=self)

    def _take_terms(self, stated: Stated) -> None:
        self._stated = stated
        self.gate.show_terms(stated)
        if self._comparison is not None:
            self._judge()

    def _not_stated(self, error: Exception) -> None:
        self._context.fail(error)
        self._ask()  # somebody else stated others

    def _failed(self, error: Exception) -> None:
        for button in (self.first, self.again):
            button.setEnabled(True)
        if isinstance(error, Stopped):
            self._context.fail(error)
        else:
            self._broken(error)

    def _broken(self, error: Exception) -> None:
        self.error.show_error(
            T("They could not be compared"), explain(error), f"{type(error).__name__}: {error}"
        )
        self._stack.setCurrentWidget(self.error)


class _RatesCard(Card):
    """Verification: of one person's pairs, how many are accepted at each rate of wrong ones."""

    def __init__(self) -> None:
        super().__init__(T("Same person or not, pair by pair"))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(7)
        self._grid.setColumnStretch(2, 1)
        self.body.addLayout(self._grid)
        self.body.addStretch()

    def show_rows(self, rows: tuple[FarRow, ...]) -> None:
        """Other rates."""
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for column, head in enumerate((T("1 wrong in"), T("active"), T("candidate"))):
            self._grid.addWidget(Label(head, "label", "text.2"), 0, column)
        for number, row in enumerate(rows, start=1):
            self._grid.addWidget(Label(f"{1 / float(row.far):,.0f}", "small", "text.2"), number, 0)
            if row.active is None or row.candidate is None:
                words = Tn("needs {n} pair", "needs {n} pairs", row.needed or 0)
                self._grid.addWidget(Label(words, "small", "text.2"), number, 1, 1, 2)
                continue
            for column, rate in enumerate((row.active, row.candidate), start=1):
                label = Label(share(rate.tar), "small")
                label.setToolTip(
                    str(
                        T("{lo} to {hi} with 95 %, {n} pairs", lo=share(rate.lo), hi=share(rate.hi), n=rate.n)
                    )
                )
                self._grid.addWidget(label, number, column)


def _about(comparison: Comparison) -> Text:
    figures = comparison.figures
    when, by = moment(comparison.at.astimezone(), now()), comparison.by or "-"
    if figures.photos < figures.of_photos:
        return T(
            "{photos} of {all} photographs of {people} people, {when}, {by}.",
            photos=figures.photos, all=figures.of_photos, people=figures.people, when=when, by=by,
        )  # fmt: skip
    return T(
        "All {photos} photographs of {people} people, {when}, {by}.",
        photos=figures.photos,
        people=figures.people,
        when=when,
        by=by,
    )
