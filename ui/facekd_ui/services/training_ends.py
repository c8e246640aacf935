"""How a run ended, in words, and the way on: what the card says and which button it offers. No Qt."""

import re
from dataclasses import dataclass
from typing import Any

from facekd.protocol import Done, Error, Stopped
from facekd_ui.i18n.text import T, Text
from facekd_ui.services.training_runs import Run, RunState, log_tail
from facekd_ui.services.training_words import term_word

Changes = dict[str, dict[str, Any]]
"""Section -> key -> value, to be put into a run's configuration."""

_FITS = re.compile(r"a batch of (\d+) fits|batch_size = (\d+)")
_NAN = re.compile(r"epoch (\d+), step (\d+): (?:the term '(\w+)')?")
_LEAST_BATCH = 2


@dataclass(frozen=True, slots=True)
class WayOn:
    """What can be done about an end."""

    word: Text
    act: str  # "resume", "change" (the numbers), "send" (to Models), "unqueue"
    changes: Changes | None = None  # of the configuration before it goes on


@dataclass(frozen=True, slots=True)
class Ending:
    """A card in the place of the header."""

    kind: str  # success, info, warning, danger
    lead: Text
    rest: Text | str
    ways: tuple[WayOn, ...]
    details: str = ""  # for "Copy details"; the end of the log


_RESUME = WayOn(T("Resume"), "resume")
_CHANGE = WayOn(T("Change the numbers"), "change")


def ending(run: Run) -> Ending | None:
    """The card of a run that is over; None for drafts and runs that go on."""
    if run.state is RunState.WAITING:
        rest = T("It starts by itself when the run before it is over, while this window is open.")
        return Ending("info", T("Waits for its turn"), rest, (WayOn(T("Take out of the queue"), "unqueue"),))
    if run.state is RunState.DONE:
        return _done(run)
    if run.state is RunState.STOPPED and isinstance(run.last, Stopped):
        rest = T("It goes on from there, bit for bit as if nothing had happened.")
        return Ending("info", T("Stopped in epoch {epoch}", epoch=run.last.epoch), rest, (_RESUME,))
    if run.state is RunState.FAILED and isinstance(run.last, Error):
        return _failed(run, run.last.kind, run.last.text)
    if run.state is RunState.FAILED:
        return _failed(run, run.about.ended_kind, run.about.ended_text)
    if run.state is RunState.CRASHED:
        return _crashed(run)
    return None


def _done(run: Run) -> Ending:
    send = (WayOn(T("Send to Models"), "send"),) if run.model is not None else ()
    rest = T(
        "The last epoch counts. Compare it with others, or send it to Models to judge it on your own people."
    )
    if run.value is None or not isinstance(run.last, Done):
        return Ending("success", T("{run} is done", run=name_of(run)), rest, send)
    value, half = percent(run.value), percent(run.value_half or 0.0)
    face = run.config.get("data", {}).get("task") == "face"
    lead = (
        T(
            "{run} is done: {value} % ± {half} on people it has never seen",
            run=name_of(run),
            value=value,
            half=half,
        )
        if face
        else T(
            "{run} is done: {value} % ± {half} on images it has never seen",
            run=name_of(run),
            value=value,
            half=half,
        )
    )
    return Ending("success", lead, rest, send)


def _failed(run: Run, kind: str, text: str) -> Ending:
    details = _details(run, text)
    if kind == "memory":
        return _memory(run, text, details)
    if kind == "nan":
        return _not_finite(run, text, details)
    if kind == "disk":
        lead = T("The disk is full")
        rest = T("Epoch {epoch} is safe. Free some space, then resume.", epoch=_safe_epoch(run))
        return Ending("warning", lead, rest, (_RESUME if run.has_checkpoint else _again(None),), details)
    if kind == "data":
        return Ending("warning", T("The pictures cannot be used"), text, (_CHANGE, _again(None)), details)
    if kind == "config":
        return Ending("warning", T("The trainer refused the numbers"), text, (_CHANGE,), details)
    return Ending("danger", T("The trainer made a mistake"), text, (_on(run), _CHANGE), details)


def _memory(run: Run, text: str, details: str) -> Ending:
    batch = run.config.get("budget", {}).get("batch_size", 64)
    found = _FITS.search(text)
    fits = int(next(filter(None, found.groups()))) if found else max(_LEAST_BATCH, batch // 2)
    step = T("Out of memory in epoch {epoch}", epoch=run.epoch) if run.epoch else T("Out of memory at step 1")
    rest = (
        T(
            "A batch of {batch} did not fit; a batch of {fits} would. Nothing else was disturbed.",
            batch=batch,
            fits=fits,
        )
        if found
        else T("A batch of {batch} did not fit. Half of it may. Nothing else was disturbed.", batch=batch)
    )
    way = _with(
        run,
        {"budget": {"batch_size": fits}},
        T("Continue with {n}", n=fits),
        T("Start again with {n}", n=fits),
    )
    return Ending("warning", step, rest, (way, _CHANGE), details)


def _not_finite(run: Run, text: str, details: str) -> Ending:
    found = _NAN.search(text)
    epoch, step, term = (found[1], found[2], found[3]) if found else (str(run.epoch), "?", None)
    lead = (
        T(
            "{term} became infinite in epoch {epoch}, step {step}",
            term=term_word(term),
            epoch=epoch,
            step=step,
        )
        if term
        else T("The loss became infinite in epoch {epoch}, step {step}", epoch=epoch, step=step)
    )
    rate = run.config.get("budget", {}).get("learning_rate") or 0.0
    safe = _safe_epoch(run)
    rest = (
        T("The last good checkpoint is epoch {epoch}.", epoch=safe)
        if safe
        else T("There is no checkpoint yet.")
    )
    if not rate:
        return Ending("warning", lead, rest, (_CHANGE,), details)
    changes: Changes = {"budget": {"learning_rate": rate / 2}}
    way = _with(
        run, changes, T("Continue with half the learning rate"), T("Start again with half the learning rate")
    )
    return Ending("warning", lead, rest, (way, _CHANGE), details)


def _crashed(run: Run) -> Ending:
    kind, text = run.about.ended_kind, run.about.ended_text
    details = _details(run, text)
    if kind == "killed":
        batch = run.config.get("budget", {}).get("batch_size", 64)
        rest = T("Most often the computer ran out of memory. Nothing else was disturbed.")
        half = max(_LEAST_BATCH, batch // 2)
        smaller = _with(
            run,
            {"budget": {"batch_size": half}},
            T("Continue with {n}", n=half),
            T("Start again with {n}", n=half),
        )
        return Ending("danger", T("The training process was killed"), rest, (_on(run), smaller), details)
    last = text or (log_tail(run.folder, 4096).decode("utf-8", "replace").strip().splitlines() or [""])[-1]
    safe = _safe_epoch(run)
    lead = T("The training process ended without a word")
    if not last:
        last = str(T("Epoch {epoch} is safe.", epoch=safe)) if safe else ""
    return Ending("danger", lead, last, (_on(run), _CHANGE), details)


def _safe_epoch(run: Run) -> int:
    """The last whole epoch behind the checkpoint."""
    return max(0, run.epoch - 1) if run.has_checkpoint else 0


def _on(run: Run) -> WayOn:
    return _RESUME if run.has_checkpoint else _again(None)


def _again(changes: Changes | None) -> WayOn:
    return WayOn(T("Start again"), "resume", changes)


def _with(run: Run, changes: Changes, goes_on: Text, begins: Text) -> WayOn:
    return WayOn(goes_on if run.has_checkpoint else begins, "resume", changes)


def _details(run: Run, text: str) -> str:
    said = log_tail(run.folder).decode("utf-8", "replace").strip()
    return f"{run.folder}\n{text}\n\n{said}".strip()


def name_of(run: Run) -> Text | str:
    """ "Run 15", or what it was called."""
    if run.about.title:
        return run.about.title
    return T("Run {n}", n=run.about.number) if run.about.number else run.folder.name


def percent(share: float) -> str:
    """98.1"""
    return f"{100 * share:.1f}"
