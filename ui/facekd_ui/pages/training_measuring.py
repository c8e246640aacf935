"""The warm-up of a draft: begun by itself once the draft is complete, shown beside it, cancelled when it is left."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.training_estimate import size
from facekd_ui.pages.training_states import duration
from facekd_ui.services.training_child import TrainingCancelled
from facekd_ui.services.training_drafts import (
    BEST_EPOCHS,
    PUBLISHED_EPOCHS,
    PURPOSE_WORDS,
    PURPOSES,
    Pace,
    digest_of,
    quick_epochs,
)
from facekd_ui.services.training_fields import Problem
from facekd_ui.workers.tasks import Running

if TYPE_CHECKING:
    from facekd_ui.pages.training_form import TrainingForm

SETTLE_MS = 1500  # after the last change, before the first measurement begins


class Measuring(QObject):
    """Measures the draft of a form.

    Args:
        form: whose draft it is.
        by_itself: begins once the draft is complete; later only when it is asked to.
    """

    ended = Signal()

    def __init__(self, form: "TrainingForm", context: PageContext, *, by_itself: bool) -> None:
        super().__init__(form)
        self._form, self._context, self.by_itself = form, context, by_itself
        self.pace: Pace | None = None
        self._measured = ""  # digest of the draft that the estimate is of, or that could not be measured
        self._running: Running | None = None
        self._settled = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settled.timeout.connect(self._when_ready)

    @property
    def is_busy(self) -> bool:
        """Whether steps are being tried."""
        return self._running is not None

    def draft_changed(self) -> None:
        """Other numbers: an estimate becomes one of others, a first one may begin."""
        if self._measured and self._measured != digest_of(self._form.draft):
            self._form.side.show_stale()
        elif self.by_itself and not self._measured:
            self._settled.start()

    def forget(self) -> None:
        """Another draft, or the page goes: what runs is ended and nobody hears of it."""
        self._settled.stop()
        self._measured, self.pace = "", None
        if self._running is not None:
            self._running.forget()
            self._running = None

    def cancel(self) -> None:
        """The person does not want to wait."""
        if self._running is not None:
            self._running.cancel()

    def measure(self) -> None:
        """Begins; says why where it cannot."""
        form = self._form
        self._settled.stop()
        form.numbers.judge_all()
        if (fault := form.fault()) is not None:
            form.side.show_fault(fault)
            return
        if self._running is not None:
            return
        draft, digest = form.draft.copy(), digest_of(form.draft)
        training = self._context.services.training
        self._measured = digest
        form.side.show_busy()
        self._running = self._context.work.run(
            lambda progress: training.measure(draft, lambda: progress.is_cancelled),
            partial(self._show, digest),
            self._failed,
            cancelled=lambda: self._failed(TrainingCancelled("stopped on request")),
        )

    # -- inside

    def _when_ready(self) -> None:
        if self._form.isVisible() and self._running is None and self._form.fault() is None:
            self.measure()

    def _show(self, digest: str, found: dict[str, Any]) -> None:
        form = self._form
        self._running, self._measured = None, digest
        form.side.show_estimate(found)
        what = "people" if form.draft.get("data", "task") == "face" else "images"
        form.pictures.show_split(found[what], found[f"validation_{what}"])
        if not found["out_of_memory"]:
            self.pace = Pace.of(found)
            self._show_times(self.pace)
        self._warn_of_memory(found)
        if digest != digest_of(form.draft):
            form.side.show_stale()
        self.ended.emit()

    def _show_times(self, pace: Pace) -> None:
        seconds: dict[str, Callable[[], float]] = {
            "quick": lambda: pace.seconds(quick_epochs(pace), 1),
            "best": lambda: pace.seconds(BEST_EPOCHS, 8),
            "published": lambda: pace.seconds(PUBLISHED_EPOCHS, 0),
        }
        for key in PURPOSES:
            words = T("{purpose}, {time}", purpose=PURPOSE_WORDS[key], time=duration(seconds[key]()))
            self._form.purpose.button(key).say(words)

    def _warn_of_memory(self, found: dict[str, Any]) -> None:
        row = self._form.numbers.rows.get(("budget", "batch_size"))
        fits = found["fits_batch"]
        if row is None or fits is None:
            return
        words: Text = (
            T("A batch of {batch} does not fit", batch=found["batch"])
            if found["out_of_memory"]
            else T("Needs {need} of {free}", need=size(found["memory"]), free=size(found["memory_free"]))
        )
        row.warn(Problem(words, fits))

    def _failed(self, error: Exception) -> None:
        self._running = None
        self._measured = digest_of(self._form.draft)  # not again by itself
        self._form.side.show_fault(
            T("Not measured.") if isinstance(error, TrainingCancelled) else explain(error)
        )
        self.ended.emit()
