"""The facts before a deployment and before its switch, each with its mark and what it means."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QWidget

from facekd_ui.i18n.text import Listed, T, Text, Tn, listed
from facekd_ui.pages.models_gate import gate_words
from facekd_ui.services.standing import Named, Plan, Staged, Standing
from facekd_ui.widgets.cards import FactRow

NAMES_SHOWN = 12


def checklist(plan: Plan, home: Path, standing: Standing | None, *, is_here: bool) -> list[QWidget]:
    """Gate, photographs, disk, other desks; `is_here`: this desk is renewing something."""
    rows: list[QWidget] = [FactRow(*_gate_fact(plan))]
    if plan.without_photos:
        words = Tn(
            "{n} person has none and must be enrolled anew: {names}",
            "{n} people have none and must be enrolled anew: {names}",
            len(plan.without_photos),
            names=names_of(plan.without_photos),
        )
        rows.append(FactRow("warning", T("Photographs"), words))
    else:
        words = Tn("{n} on file, of everyone", "{n} on file, of everyone", plan.photos)
        rows.append(FactRow("ok", T("Photographs"), words))
    rows.append(FactRow(*_disk_fact(plan, home)))
    rows.append(FactRow(*_desks_fact(standing, is_here=is_here)))
    if plan.staged:
        rows.append(
            FactRow(
                "info",
                T("Begun already"),
                T("{done} of {total} photos are renewed.", done=plan.staged, total=plan.photos),
            )
        )
    return rows


def _gate_fact(plan: Plan) -> tuple[str, Text, Text | str]:
    name = T("Gate")
    if plan.overridden_by is not None:
        return "warning", name, T("overridden, {name} answers for it", name=plan.overridden_by)
    if plan.gate is None:
        if plan.may_begin:
            return "ok", name, T("nobody is on file, so there is nothing to lose")
        return "danger", name, T("never compared with the recogniser in use")
    kind, lead, rest = gate_words(plan.gate)
    return {"success": "ok"}.get(kind, kind), name, f"{lead} {rest}"


def _disk_fact(plan: Plan, home: Path) -> tuple[str, Text, Text]:
    free = shutil.disk_usage(home).free / 1e6
    enough = free > 2 * plan.megabytes + 100
    words = T(
        "the database grows by {mb} MB until the old templates are removed; {free} GB are free on this computer",
        mb=f"{plan.megabytes:.1f}",
        free=f"{free / 1000:.1f}",
    )
    return "ok" if enough else "danger", T("Disk"), words


def _desks_fact(standing: Standing | None, *, is_here: bool) -> tuple[str, Text, Text]:
    staging = standing.staging if standing is not None else None
    if staging is not None and staging.working and not is_here:
        return (
            "warning",
            T("Other desks"),
            T("{desk} is deploying {name} now", desk=staging.desk, name=staging.name),
        )
    return "ok", T("Other desks"), T("every other desk follows by itself within 2 seconds of the switch")


def outcome(staged: Staged) -> list[QWidget]:
    """What the renewal came to, and where the line will be."""
    rows: list[QWidget] = [
        FactRow("ok", T("Photographs"), T("{done} of {total} renewed", done=staged.done, total=staged.total))
    ]
    if staged.unreadable:
        words = Tn(
            "{n} photograph cannot be used by it: {names}",
            "{n} photographs cannot be used by it: {names}",
            len(staged.unreadable),
            names=names_of([each.person for each in staged.unreadable]),
        )
        rows.append(FactRow("warning", T("Left out"), words))
    if staged.lost:
        words = T("{names}: to be enrolled anew", names=names_of(staged.lost))
        rows.append(FactRow("warning", T("People"), words))
    line = T(
        "the same promise; the line moves from {now} to {then}",
        now=f"{staged.known_now:.3f}",
        then=f"{staged.known_then:.3f}",
    )
    rows.append(FactRow("ok", T("Promise"), line))
    return rows


def names_of(people: Sequence[Named]) -> Listed:
    """The first dozen by name."""
    names = list(dict.fromkeys(each.name for each in people))
    return listed([*names[:NAMES_SHOWN], *(["…"] if len(names) > NAMES_SHOWN else [])])
