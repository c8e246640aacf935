"""Plain words where a newcomer would worry about a run. Each is shown once per run. No Qt."""

from dataclasses import dataclass

from facekd_ui.i18n.text import T, Text
from facekd_ui.services.training_follow import History
from facekd_ui.services.training_runs import Run

FLAT_EPOCHS, BEHIND = 8, 0.02


@dataclass(frozen=True, slots=True)
class Hint:
    """A banner of information."""

    key: str
    lead: Text
    rest: Text


def hints(run: Run, history: History) -> list[Hint]:
    """What is true of the run now and could look like a fault."""
    found = []
    if history.before and not history.validation and history.plan is not None:
        found.append(
            Hint(
                "preparation",
                T("The teacher is taught first"),
                T(
                    "Its branches learn to answer at every stage. The student begins after {n} epochs.",
                    n=history.before,
                ),
            )
        )
    for name in history.joined:
        epoch = max(1, round(history.joined[name]))
        if name == "task":
            found.append(
                Hint(
                    "task",
                    T("Cross-entropy was empty until epoch {epoch}", epoch=epoch),
                    T("In this preset the teacher's knowledge comes first. That is intended."),
                )
            )
    if (task := history.terms.get("task")) is not None and len(task.y) > 2 and not any(task.y):
        found.append(
            Hint(
                "task-empty",
                T("Cross-entropy is empty"),
                T("In this preset the teacher's knowledge comes first. The labels join later."),
            )
        )
    figure = history.validation.get(history.wanted)
    if figure is not None and len(figure.y) > FLAT_EPOCHS and max(figure.y) - figure.y[-1] > BEHIND:
        found.append(
            Hint(
                "worse",
                T("The newest epoch is not the best one"),
                T(
                    "That happens while the learning rate is high. The last epoch counts, and the rate falls until "
                    "then."
                ),
            )
        )
    if run.config.get("budget", {}).get("views") and history.last_step is None and history.messages:
        text = history.messages[-1].text
        if text.startswith("asking the teacher"):
            found.append(
                Hint(
                    "asking",
                    T("The teacher is asked once about every picture"),
                    T("Its answers are kept, so the epochs that follow cost the student only."),
                )
            )
    return found
