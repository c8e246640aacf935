"""What a network wants to be fed, as rows to choose from, each option with what it was measured to lose."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QGridLayout, QHBoxLayout

from facekd.evaluation.input_guess import (
    Colour,
    Crop,
    Finding,
    Guess,
    Judge,
    Normalisation,
    Range,
    Tried,
)
from facekd.types import Image
from facekd_ui.i18n.text import T, Text
from facekd_ui.services.examination import crop_of
from facekd_ui.services.model_import import SHOWN
from facekd_ui.services.model_import import Tried as TriedOnFaces
from facekd_ui.theme.theme import px
from facekd_ui.widgets.buttons import Segments
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.faces import FaceTile, to_qimage
from facekd_ui.widgets.labels import IconLabel, Label

TILE = 52
COLOURS: Mapping[Colour, Text | str] = {Colour.RGB: T("Red first (RGB)"), Colour.BGR: T("Blue first (BGR)")}
RANGES: Mapping[Range, Text | str] = {Range.ONE: T("0 to 1"), Range.BYTE: T("0 to 255")}
NORMALISATIONS: Mapping[Normalisation, Text | str] = {
    Normalisation.CENTRED: T("Middle to 0"),
    Normalisation.STATISTICS: T("ImageNet's mean"),
    Normalisation.NONE: T("None"),
}
CROPS: Mapping[Crop, Text] = {
    Crop.TEMPLATE: T("as FaceKD aligns faces"),
    Crop.TIGHTER: T("tighter around the face"),
    Crop.LOOSER: T("with more around the face"),
}
PARTS: tuple[tuple[str, Text], ...] = (
    ("colour", T("Colour order")),
    ("range", T("Range")),
    ("normalisation", T("Normalisation")),
)


class FeedingCard(Card):
    """`changed` comes when another option was chosen."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__(T("What it wants to be fed"))
        self._finding: Finding | None = None
        self._pictures: list[Image] = []  # RGB
        self.basis = Label("", "body", "text.2", wrap=True)
        self.body.addWidget(self.basis)
        strip = QHBoxLayout()
        strip.setSpacing(6)
        self._tiles = [FaceTile(TILE, T("A face as the network will see it")) for _ in range(SHOWN)]
        for tile in self._tiles:
            strip.addWidget(tile)
        strip.addStretch()
        self.body.addLayout(strip)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(3, 1)
        options: dict[str, dict[str, Text | str]] = {
            "colour": {str(key): word for key, word in COLOURS.items()},
            "range": {str(key): word for key, word in RANGES.items()},
            "normalisation": {str(key): word for key, word in NORMALISATIONS.items()},
        }
        self.rows: dict[str, Segments] = {}
        self._marks: dict[str, IconLabel] = {}
        self.words: dict[str, Label] = {}
        for row, (part, name) in enumerate(PARTS):
            segments = Segments(options[part], name)
            segments.changed.connect(lambda _value: self._chosen())
            grid.addWidget(Label(name, "medium"), row, 0)
            grid.addWidget(segments, row, 1)
            self.rows[part] = segments
            self._add_verdict(grid, row, part)
        grid.addWidget(Label(T("Alignment"), "medium"), len(PARTS), 0)
        grid.addWidget(Label(CROPS[Crop.TEMPLATE], "body"), len(PARTS), 1)
        self._add_verdict(grid, len(PARTS), "crop")
        self.body.addSpacing(4)
        self.body.addLayout(grid)

    def _add_verdict(self, grid: QGridLayout, row: int, part: str) -> None:
        self._marks[part], self.words[part] = IconLabel("minus", "text.2", 16), Label("", "body", wrap=True)
        self.words[part].setMinimumWidth(px(200))
        grid.addWidget(self._marks[part], row, 2)
        grid.addWidget(self.words[part], row, 3)

    @property
    def guess(self) -> Guess:
        """What is chosen; faces are always aligned as FaceKD does."""
        return Guess(
            Colour(self.rows["colour"].value),
            Range(self.rows["range"].value),
            Normalisation(self.rows["normalisation"].value),
        )

    def choose(self, guess: Guess) -> None:
        """Presses its options."""
        for part, value in (
            ("colour", guess.colour),
            ("range", guess.range),
            ("normalisation", guess.normalisation),
        ):
            self.rows[part].choose(str(value))

    def allow(self, *, allowed: bool) -> None:
        """A card beside the file says it already."""
        for row in self.rows.values():
            row.setEnabled(allowed)

    def show_nothing(self) -> None:
        """Nothing was tried: the author's word has to do."""
        self._finding, self._pictures = None, []
        self.basis.say(T("Not tried on faces. Take what the author of the model states."))
        for tile in self._tiles:
            tile.setVisible(False)
        self._chosen()

    def show_tried(self, tried: TriedOnFaces) -> None:
        """What was found out; the best guess is pressed."""
        self._finding = tried.finding
        self._pictures = [crop_of(png) for png in tried.faces]
        where = T("of the folder") if tried.from_folder else T("on file")
        finding = tried.finding
        self.basis.say(
            T(
                "Tried on {faces} faces of {people} people {where}: the better it tells them apart, the likelier.",
                faces=finding.faces,
                people=finding.people,
                where=where,
            )
            if finding.judge is Judge.PEOPLE
            else T(
                "Tried on {faces} faces {where}: the more it agrees with the recogniser in use, the likelier.",
                faces=finding.faces,
                where=where,
            )
        )
        self.choose(finding.best)
        self._chosen()

    def _chosen(self) -> None:
        finding = self._finding
        for tile, picture in zip(self._tiles, [*self._pictures, *[None] * SHOWN], strict=False):
            tile.setVisible(picture is not None)
            if picture is not None:
                shown = picture if self.guess.colour is Colour.RGB else picture[..., ::-1]
                tile.show_photo(QPixmap.fromImage(to_qimage(np.ascontiguousarray(shown), rgb=True)))
        for part, _name in PARTS:
            tried = None if finding is None else self._measured(finding, part)
            self._say(part, *_verdict(tried))
        self._say("crop", *_crop_verdict(finding))
        self.changed.emit()

    def _measured(self, finding: Finding, part: str) -> Tried | None:
        """The option of a part, with everything else as in the best guess."""
        best, chosen = finding.best, self.guess
        guess = replace(best, colour=chosen.colour) if part == "colour" else best
        guess = replace(guess, range=chosen.range) if part == "range" else guess
        guess = replace(guess, normalisation=chosen.normalisation) if part == "normalisation" else guess
        return finding.tried.get(guess)

    def _say(self, part: str, icon: str, ink: str, words: Text | str) -> None:
        self._marks[part].show_icon(icon, ink, 16)
        self.words[part].say(words)
        self.words[part].set_ink("text" if ink == "success" else ink)

    @property
    def loss(self) -> Tried | None:
        """What the whole choice was measured to lose; None where nothing was tried."""
        if self._finding is None:
            return None
        return self._finding.tried.get(self.guess)


def _verdict(tried: Tried | None) -> tuple[str, str, Text | str]:
    """Mark, ink and words of one option."""
    if tried is None:
        return "minus", "text.2", T("not tried")
    percent, low, high = (round(100 * each) for each in (tried.drop, tried.lo, tried.hi))
    if tried.drop == 0:
        return "check", "success", T("looks right, the best of those tried")
    if tried.is_worse:
        return (
            "close",
            "danger",
            T("looks wrong: {n} % worse ({low} to {high})", n=percent, low=low, high=high),
        )
    return "info", "text.2", T("{n} % worse, but these faces do not settle it ({low} to {high})",
                               n=percent, low=low, high=high)  # fmt: skip


def _crop_verdict(finding: Finding | None) -> tuple[str, str, Text | str]:
    if finding is None:
        return "minus", "text.2", T("not tried")
    other = finding.wants_other_crop
    if other is not None:
        words = T(
            "made for pictures {crop}; FaceKD cannot feed it so, and it stays {n} % worse",
            crop=CROPS[finding.best.crop],
            n=round(100 * other.drop),
        )
        return "warning", "warning", words
    if finding.best.crop is not Crop.TEMPLATE:
        return "info", "text.2", T("these faces do not settle it")
    worse = min(
        (tried for tried in finding.options("crop") if tried.guess.crop is not Crop.TEMPLATE),
        key=lambda tried: tried.drop,
    )
    words = T("looks right; {crop} is {n} % worse", crop=CROPS[worse.guess.crop], n=round(100 * worse.drop))
    return "check", "success", words
