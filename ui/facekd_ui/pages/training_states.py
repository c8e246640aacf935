"""How a run is said in a list: its mark, its three lines, its bar."""

from facekd_ui.i18n.text import T, Text
from facekd_ui.services.training_drafts import PURPOSE_WORDS
from facekd_ui.services.training_ends import name_of, percent
from facekd_ui.services.training_runs import ACTIVE, Run, RunState
from facekd_ui.services.training_words import method_word, network_word

MARKS: dict[RunState, tuple[str, str]] = {
    RunState.DRAFT: ("file", "text.2"),
    RunState.WAITING: ("clock", "text.2"),
    RunState.RUNNING: ("activity", "accent"),
    RunState.PAUSED: ("pause", "accent"),
    RunState.DONE: ("check", "success"),
    RunState.STOPPED: ("pause", "text.2"),
    RunState.FAILED: ("warning", "warning"),
    RunState.CRASHED: ("error", "danger"),
}
"""Icon and token of each state."""


def heading(run: Run) -> Text | str:
    """ "Run 16, not started"."""
    name = name_of(run)
    return T("{run}, not started", run=name) if run.state is RunState.DRAFT else name


def who(run: Run) -> str:
    """ "Desktop medium · CCSKD"."""
    return f"{network_word(run.student, run.config.get('student', {}))} · {method_word(run.method)}"


def where(run: Run) -> Text | str:
    """How far it is, or how it ended."""
    if run.state in ACTIVE:
        words = T("epoch {epoch} of {epochs}", epoch=run.epoch, epochs=run.epochs)
        if run.state is RunState.PAUSED:
            return T("{where}, paused", where=words)
        if not run.epoch:
            return T("preparing")
        if run.seconds_left is None:
            return words
        return T("{where}, {left} left", where=words, left=duration(run.seconds_left))
    if run.state is RunState.DRAFT:
        return T("draft")
    if run.state is RunState.WAITING:
        return T("waits for its turn")
    if run.state is RunState.DONE:
        if run.value is None:
            return T("done")
        return T(
            "kept apart {value} %, ± {half}", value=percent(run.value), half=percent(run.value_half or 0.0)
        )
    if run.state is RunState.STOPPED:
        return T("stopped in epoch {epoch}, can go on", epoch=run.epoch)
    if run.state is RunState.CRASHED:
        return T("killed") if run.about.ended_kind == "killed" else T("ended without a word")
    kind = getattr(run.last, "kind", run.about.ended_kind)
    return FAULTS.get(kind, T("failed"))


FAULTS: dict[str, Text] = {
    "memory": T("ran out of memory"),
    "nan": T("a term became infinite"),
    "disk": T("the disk was full"),
    "data": T("pictures not usable"),
    "config": T("numbers refused"),
    "internal": T("the trainer failed"),
}


def subtitle(run: Run) -> Text | str:
    """Beside the title: who learns from whom, how, and what for."""
    purpose = PURPOSE_WORDS.get(run.about.purpose, "")
    teacher = teacher_name(run)
    words: Text | str = (
        T("{who}, taught by {teacher}", who=who(run), teacher=teacher) if teacher else who(run)
    )
    return T("{what}, {purpose}", what=words, purpose=str(purpose).lower()) if purpose else words


def teacher_name(run: Run) -> str:
    """The file or run of the teacher, without its folder."""
    path = str(run.config.get("teacher", {}).get("path", ""))
    name = path.rstrip("/").replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".onnx")
    return name.replace("_", " ")


def duration(seconds: float) -> Text:
    """1 h 12 min, 3 min, 40 s."""
    if seconds < 60:
        return T("{n} s", n=max(1, round(seconds)))
    minutes = round(seconds / 60)
    if minutes < 60:
        return T("{n} min", n=minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return T("{hours} h {minutes} min", hours=hours, minutes=minutes)
    return T("{n} days", n=round(hours / 24))
