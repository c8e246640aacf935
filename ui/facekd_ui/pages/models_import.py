"""Import: choose or drop a file, see what it wants to be fed, say what only a person can, bring it in."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from facekd.modelcard import InputSpec
from facekd.models import ModelFile
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.context import PageContext, Told
from facekd_ui.pages.failures import explain
from facekd_ui.pages.models_feeding import FeedingCard
from facekd_ui.pages.models_words import millions
from facekd_ui.services.model_import import Details, Looked, TooFewFaces, Tried
from facekd_ui.services.progress import Stopped
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import Card, key_values
from facekd_ui.widgets.drops import DropCard
from facekd_ui.widgets.fields import Field, FormRow
from facekd_ui.widgets.labels import Label


class ImportView(QWidget):
    """`brought(ModelFile)`: it is among the models; `left`: it was given up."""

    brought = Signal(object)
    left = Signal()

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.looked: Looked | None = None
        self.banner = Banner("danger", "")
        self.choose = Button(T("Choose a file…"), "primary", "folder")
        self.choose.clicked.connect(self._choose)
        self.feeding = FeedingCard()
        self.feeding.changed.connect(self._allow)
        self.name, self.licence, self.origin = Field(), Field(), Field()
        self.trained_on, self.method, self.limits = Field(), Field(), Field()
        self._file = Label("", "body", "text.2", wrap=True)
        self.form = self._form()
        self._card = Card(T("What its card says"))
        self._card_rows: QWidget | None = None
        self.folder = Button(T("Try on a folder of photographs…"), icon="folder")
        self.folder.clicked.connect(self._choose_folder)
        self.act = Button(T("Import"), "primary", "upload")
        self.act.clicked.connect(self._bring)
        self._why = Label("", "small", "text.2", wrap=True)
        self._stack = QStackedWidget()
        self._stack.addWidget(
            DropCard(
                "upload",
                T("Drop an ONNX file here"),
                T(
                    "A recogniser that embeds aligned faces of at most 112 x 112. A card beside it is read; without "
                    "one its input is tried on faces. A face finder needs its card."
                ),
                self.choose,
            )
        )
        self._stack.addWidget(self._lay_out())
        back = Button(T("Models"), "quiet", "chevron-left")
        back.clicked.connect(self.left)
        head = QHBoxLayout()
        head.addWidget(back)
        head.addWidget(Label(T("Import a model"), "title"))
        head.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 24, 16)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.banner)
        column.addWidget(self._stack, 1)
        for field in (self.name, self.licence, self.origin):
            field.textChanged.connect(lambda _text: self._allow())
        self.begin()

    def _form(self) -> Card:
        form = Card(T("What only you can say"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(12)
        rows = (
            FormRow(T("Name"), self.name, T("How it is called here.")),
            FormRow(T("Licence"), self.licence, T("Under which it may be used, such as Apache-2.0.")),
            FormRow(T("Origin"), self.origin, T("Who made it, and where it is from.")),
            FormRow(
                T("Learnt from"), self.trained_on, T("The pictures that it was trained on."), optional=True
            ),
            FormRow(T("Method"), self.method, T("How it was trained, such as ArcFace."), optional=True),
            FormRow(T("Limits"), self.limits, T("What it is not good for."), optional=True),
        )
        for place, row in enumerate(rows):
            grid.addWidget(row, place // 3, place % 3)
        form.body.addLayout(grid)
        return form

    def _lay_out(self) -> QWidget:
        filled = QWidget()
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._why, 1)
        foot.addWidget(self.folder)
        foot.addWidget(self.act)
        column = QVBoxLayout(filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for widget in (self._file, self.feeding, self._card, self.form):
            column.addWidget(widget)
        column.addStretch()
        column.addLayout(foot)
        return filled

    # -- the file

    def begin(self) -> None:
        """Back to the place where a file can be dropped."""
        self.looked = None
        self.banner.hide()
        self._stack.setCurrentIndex(0)

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, str(T("Model file")), "", "ONNX (*.onnx)")
        if chosen:
            self.look_at(Path(chosen))

    def look_at(self, path: Path) -> None:
        """What the file is; then its input is tried."""
        self.banner.hide()
        imports = self._context.services.model_import
        self._context.work.run(
            lambda _progress: imports.look(path),
            self._looked,
            self._failed,
            over=self,
            title=T("Reading the file"),
        )

    def _looked(self, looked: Looked) -> None:
        if looked.is_here:
            self._tell("info", T("This model is here already."), str(looked.path.name))
            return
        self.looked = looked
        card = looked.card
        height, width = looked.size
        words = T(
            "{file}: {mb} MB, {n} parameters, sees {width} x {height}",
            file=looked.path.name, mb=f"{looked.megabytes:.1f}", n=millions(looked.parameters), width=width,
            height=height,
        )  # fmt: skip
        self._file.say(words if looked.size[0] else looked.path.name)
        self.form.setVisible(card is None)
        self._card.setVisible(card is not None)
        recogniser = card is None or card.kind == "embedder"
        self.feeding.setVisible(recogniser)
        self.feeding.allow(allowed=card is None)
        self.folder.setVisible(recogniser)
        self.name.setText(looked.path.stem)
        for field in (self.licence, self.origin, self.trained_on, self.method, self.limits):
            field.clear()
        if card is not None:
            self._show_card(looked)
        self.feeding.show_nothing()
        self._stack.setCurrentIndex(1)
        if recogniser:
            self.try_on(None)

    def _show_card(self, looked: Looked) -> None:
        assert looked.card is not None
        card, spec = looked.card, looked.card.input
        if self._card_rows is not None:
            self._card_rows.hide()
            self._card_rows.deleteLater()
        rows: list[tuple[Text, Text | str]] = [
            (T("Licence"), card.licence),
            (T("Origin"), card.origin),
            (T("Input"), f"{spec.colour.upper()}, ({_three(spec.mean)}), ({_three(spec.scale)})"),
        ]
        self._card_rows = QWidget()
        layout = key_values(rows)
        layout.setContentsMargins(0, 0, 0, 0)
        self._card_rows.setLayout(layout)
        self._card.body.addWidget(self._card_rows)

    # -- its input

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, str(T("Folder with a folder of photographs per person"))
        )
        if chosen:
            self.try_on(Path(chosen))

    def try_on(self, folder: Path | None) -> None:
        """Tries its input on people on file, or on photographs of a folder."""
        looked, imports = self.looked, self._context.services.model_import
        if looked is None:
            return
        self.act.setEnabled(False)
        self._context.work.run(
            lambda progress: imports.guess(looked.path, folder, Told(progress)),
            partial(self._tried, looked),
            self._not_tried,
            over=self,
            title=T("Trying what it wants to be fed"),
        )

    def _tried(self, looked: Looked, tried: Tried) -> None:
        if self.looked is not looked:
            return
        self.banner.hide()
        self.feeding.show_tried(tried)
        if looked.card is not None:
            said = next(
                (
                    each
                    for each in tried.finding.tried.values()
                    if _same(each.guess.spec(looked.size), looked.card.input)
                ),
                None,
            )
            if said is None:
                self._tell(
                    "info",
                    T("Its card feeds it in a way that was not tried."),
                    T("The card is taken as it is."),
                )
            elif said.is_worse:
                self._tell(
                    "warning",
                    T(
                        "The faces speak against its card: {n} % worse than the best guess.",
                        n=round(100 * said.drop),
                    ),
                    T("Its card is taken as it is. Without the card beside it the guess can be taken."),
                )
            if said is not None:
                self.feeding.choose(said.guess)
        self._allow()

    def _not_tried(self, error: Exception) -> None:
        if isinstance(error, TooFewFaces):
            self._tell("warning", T("Too few faces to try it on."), explain(error))
        elif isinstance(error, Stopped):
            self._tell("info", T("Stopped."), T("Its input was not tried."))
        else:
            self._tell("danger", explain(error), "")
        self._allow()

    # -- bringing it in

    def _allow(self) -> None:
        looked = self.looked
        missing = (
            looked is not None
            and looked.card is None
            and not all(field.text().strip() for field in (self.name, self.licence, self.origin))
        )
        self.act.setEnabled(looked is not None and not missing)
        loss = self.feeding.loss
        if missing:
            self._why.say(T("Name, licence and origin are needed: nobody else will know them later."))
        elif looked is not None and looked.card is None and loss is not None and loss.is_worse:
            self._why.say(
                T("Fed like this it was measured {n} % worse than it can be.", n=round(100 * loss.drop))
            )
        elif looked is not None and looked.card is None:
            self._why.say(T("It gets its line for a name from the people on file."))
        else:
            self._why.say("")

    def _bring(self) -> None:
        looked, imports = self.looked, self._context.services.model_import
        if looked is None:
            return
        guess = details = None
        if looked.card is None:
            guess = self.feeding.guess
            details = Details(
                self.name.text(), self.licence.text(), self.origin.text(),
                self.trained_on.text(), self.method.text(), self.limits.text(),
            )  # fmt: skip
        self.act.setEnabled(False)
        self._context.work.run(
            lambda _progress: imports.bring(looked.path, guess, details),
            self._brought,
            self._failed,
            over=self,
        )

    def _brought(self, model: ModelFile) -> None:
        self.begin()
        self.brought.emit(model)

    def _failed(self, error: Exception) -> None:
        self._tell("danger", T("It could not be brought in."), explain(error))
        self._allow()

    def _tell(self, kind: str, lead: Text | str, rest: Text | str) -> None:
        self.banner.show_message(kind, lead, rest, ())
        self.banner.show()


def _three(values: tuple[float, float, float]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)


def _same(one: InputSpec, other: InputSpec) -> bool:
    """The same but for a percent: some divide by 128, some by 127.5."""
    return one.colour == other.colour and all(
        abs(a - b) <= 0.01 * max(abs(a), abs(b)) + 1e-6
        for a, b in zip((*one.mean, *one.scale), (*other.mean, *other.scale), strict=True)
    )
