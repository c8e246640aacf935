"""`models compare`, `deploy`, `rollback` and what belongs to them: changing the recogniser of the people on file."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from facekd.errors import InputError
from facekd.modelcard import ModelCard
from facekd.models import Registry
from facekd_ui.cli.commands import Commands
from facekd_ui.cli.desk import Bar, logged_in, password
from facekd_ui.cli.output import Output
from facekd_ui.cli.shown import moment

if TYPE_CHECKING:
    from facekd.evaluation.gate import Terms, Verdict
    from facekd_ui.services.comparing import Side
    from facekd_ui.services.comparison import Comparison
    from facekd_ui.services.everything import Services
    from facekd_ui.services.standing import Named, Switched

SECOND_PASSWORD = "FACEKD_SECOND_PASSWORD"
M = "a model by name, path or the beginning of its id"  # kept in `which`: `model` is what a desk recognises with


def add_to(group: Commands) -> None:
    """Add the commands to `models`."""
    compare = group.add(
        "compare", "compare a model with the recogniser in use, on the people on file",
        ("facekd-cli models compare --as ada student", "with the recogniser in use; the gate rests on it"),
        ("facekd-cli models compare --as ada student other", "two models, for a look"),
    )  # fmt: skip
    compare.add_argument("candidate", metavar="A", help=M)
    compare.add_argument("active", metavar="B", nargs="?", help="default: the recogniser in use")
    _add_terms(compare, "judge by these, for a look; default: as stated by an administrator")
    compare.set_defaults(run=run_compare)
    deploy = group.add(
        "deploy", "let a model speak for the people on file, without losing anybody",
        ("facekd-cli models deploy --as ada student", "renew the templates, then switch; resumes when run again"),
        ("facekd-cli models deploy --as ada student --margin 2", "state what the gate asks for first"),
    )  # fmt: skip
    deploy.add_argument("which", metavar="MODEL", help=M)
    deploy.add_argument(
        "--accept-lost", action="store_true",
        help="go on although the people who are listed must be enrolled anew",
    )  # fmt: skip
    deploy.add_argument("--prepare", action="store_true", help="renew the templates only; do not switch yet")
    _add_terms(deploy, "state this for everybody, in the shared settings")
    deploy.set_defaults(run=run_deploy)
    back = group.add(
        "rollback", "bring the recogniser before this one back",
        ("facekd-cli models rollback --as ada", "takes less than a second; nobody is lost"),
    )  # fmt: skip
    back.add_argument("--accept-lost", action="store_true", help="as in deploy")
    back.set_defaults(run=run_rollback)
    status = group.add(
        "status", "say which model speaks, what is under way and what a rollback brings back",
        ("facekd-cli models status --as ada", ""),
    )  # fmt: skip
    status.set_defaults(run=run_status)
    cancel = group.add(
        "cancel", "give a deployment up before the switch", ("facekd-cli models cancel --as ada student", "")
    )
    cancel.add_argument("which", metavar="MODEL", help=M)
    cancel.set_defaults(run=run_remove, what="cancel")
    purge = group.add(
        "purge", "remove the templates of an earlier recogniser; no rollback afterwards",
        ("facekd-cli models purge --as ada old", ""),
    )  # fmt: skip
    purge.add_argument("which", metavar="MODEL", help=M)
    purge.set_defaults(run=run_remove, what="purge")
    override = group.add(
        "override", "let a second administrator answer for a model that the gate keeps out",
        ("facekd-cli models override --as ada student --by grace --reason 'trial at desk 2'",
         f"asks grace, or takes the password from {SECOND_PASSWORD}"),
    )  # fmt: skip
    override.add_argument("which", metavar="MODEL", help=M)
    override.add_argument("--by", required=True, metavar="NAME", help="the second administrator")
    override.add_argument("--reason", required=True, metavar="TEXT", help="for the audit log")
    override.set_defaults(run=run_override)


def run_compare(args: argparse.Namespace, out: Output) -> int:
    """Exit status 0 whatever came out: the gate decides when a deployment begins."""
    from facekd.evaluation.gate import decide

    with logged_in(args) as services:
        with out.progress("Comparing", None) as advance:
            found = services.comparison.run(args.candidate, args.active, Bar(advance))
        terms = _terms(args, services)
    verdict = decide(found.figures.questions, terms)
    out.document(_comparison_json(found, verdict, Registry.from_environment(args.home)))
    _say_comparison(found, verdict, out)
    return 0


def run_deploy(args: argparse.Namespace, out: Output) -> int:
    """People without photographs are named before anything begins."""
    with logged_in(args) as services:
        _state_terms(args, services)
        plan = services.deployment.plan(args.which)
        for person in plan.without_photos:
            out.note(f"no photograph on file, must be enrolled anew: {person.name} ({person.person_id})")
        with out.progress("Renewing photographs", plan.photos) as advance:
            staged = services.deployment.stage(args.which, Bar(advance))
        for photo in staged.unreadable:
            out.note(f"not usable: photograph {photo.crop_id} of {photo.person.name}: {photo.why}")
        document: dict[str, Any] = {
            "model": _card_json(staged.model_id, args),
            "photos": staged.total,
            "renewed": staged.done,
            "without_photos": _people_json(plan.without_photos),
            "unreadable": [
                {"photo": each.crop_id, "person": each.person.person_id, "why": each.why}
                for each in staged.unreadable
            ],
            "lost": _people_json(staged.lost),
            "threshold": {"before": staged.known_now, "after": staged.known_then},
            "switched": False,
        }
        if not args.prepare:
            accept = [person.person_id for person in staged.lost] if args.accept_lost else []
            done = services.deployment.switch(args.which, accept)
            document |= {"switched": True, **_switched_json(done)}
    out.document(document)
    if args.prepare:
        out.say(
            f"{plan.name} is prepared: {staged.done} of {staged.total} photographs; run it again to switch"
        )
    else:
        out.say(f"{plan.name} speaks for {done.people} people now; facekd-cli models rollback takes it back")
    return 0


def run_rollback(args: argparse.Namespace, out: Output) -> int:
    """To what `models status` offers."""
    from facekd_db.errors import NotFound
    from facekd_ui.services.standing import PeopleLost

    with logged_in(args) as services:
        offer = services.deployment.state().rollback
        if offer is None:
            raise NotFound(
                "there is no recogniser to roll back to: none was deployed, or the one before was purged"
            )
        try:
            done = services.deployment.roll_back(offer.model_id)
        except PeopleLost as error:
            if not args.accept_lost:
                raise
            done = services.deployment.roll_back(offer.model_id, [each.person_id for each in error.people])
        card = _card_json(done.model_id, args)
    out.document({"model": card, **_switched_json(done)})
    out.say(f"{offer.name} speaks again, for {done.people} people")
    return 0


def run_status(args: argparse.Namespace, out: Output) -> int:
    """What every computer of the store sees."""
    with logged_in(args) as services:
        standing, history = services.deployment.state(), services.deployment.history()
    document = msgspec.to_builtins(standing)
    document["history"] = [
        {"model_id": each.model_id, "name": each.model, "stage": each.stage.value,
         "started_at": moment(each.started_at), "live_at": moment(each.live_at), "by": each.started_by}
        for each in history
    ]  # fmt: skip
    out.document(document)
    out.say(f"in use: {standing.active.name if standing.active else 'none yet'}")
    if (staging := standing.staging) is not None:
        at = f"at {staging.desk} now" if staging.working else "paused"
        out.say(f"being deployed: {staging.name}, {staging.done} of {staging.total} photographs, {at}")
    if (offer := standing.rollback) is not None:
        out.say(f"roll back to: {offer.name}; {offer.enrolled_since} people got photographs since")
    return 0


def run_remove(args: argparse.Namespace, out: Output) -> int:
    """`cancel` and `purge`."""
    with logged_in(args) as services:
        act = services.deployment.cancel if args.what == "cancel" else services.deployment.purge
        removed = act(args.which)
    out.document({"templates": removed})
    out.say(f"{removed} templates removed")
    return 0


def run_override(args: argparse.Namespace, out: Output) -> int:
    """The second password is asked for, never an argument."""
    with logged_in(args) as services:
        secret = password(args.by, SECOND_PASSWORD, "Password of {name}, the second administrator: ")
        services.deployment.override(args.which, args.by, secret, args.reason)
    out.document({"model": args.which, "overridden_by": args.by, "reason": args.reason})
    out.say(f"{args.by} answers for {args.which}; it may be deployed")
    return 0


def _add_terms(parser: argparse.ArgumentParser, use: str) -> None:
    parser.add_argument(
        "--margin", type=float, metavar="POINTS", help=f"may be worse by so many points of 100: {use}"
    )
    parser.add_argument(
        "--confidence", type=float, metavar="PERCENT", help=f"and one wants to be so sure: {use}"
    )


def _terms(args: argparse.Namespace, services: "Services") -> "Terms":
    from facekd.evaluation.gate import Terms
    from facekd_ui.services.shared import ENTRIES

    stored = services.shared.all()
    values = []
    for key, given in (("gate.margin_points", args.margin), ("gate.confidence_percent", args.confidence)):
        setting = stored[key]
        value = given if given is not None else setting.value if setting else ENTRIES[key].default
        if not ENTRIES[key].fits(value):
            raise InputError(f"expected {ENTRIES[key].expected}, got {value}")
        assert isinstance(value, int | float)
        values.append(value / 100)
    return Terms(*values)


def _state_terms(args: argparse.Namespace, services: "Services") -> None:
    stored = services.shared.all()
    for key, given in (("gate.margin_points", args.margin), ("gate.confidence_percent", args.confidence)):
        setting = stored[key]
        if given is not None and (setting is None or setting.value != given):
            services.shared.put(key, given, setting.version if setting else 0)


def _card_json(model_id: str, args: argparse.Namespace) -> dict[str, Any]:
    for model in Registry.from_environment(args.home):
        if model.card.id == model_id:
            return card_json(model.card)
    return {"id": model_id}


def card_json(card: ModelCard) -> dict[str, Any]:
    """A card as a document, name first."""
    fields: dict[str, Any] = msgspec.to_builtins(card)
    return {"name": fields.pop("name"), **fields}


def _switched_json(done: "Switched") -> dict[str, Any]:
    return {
        "previous_id": done.previous_id,
        "revision": done.revision,
        "people": done.people,
        "photos": done.photos,
    }


def _people_json(people: "Sequence[Named]") -> list[dict[str, Any]]:
    return [{"id": each.person_id, "name": each.name} for each in people]


def _comparison_json(found: "Comparison", verdict: "Verdict", registry: Registry) -> dict[str, Any]:
    figures = found.figures
    cards = {model.card.id: card_json(model.card) for model in registry}

    def side(one: "Side") -> dict[str, Any]:
        return {**msgspec.to_builtins(one), "card": cards.get(one.model_id, {"id": one.model_id})}

    questions = []
    for question, answer in zip(figures.questions, verdict.answers, strict=True):
        row = msgspec.to_builtins(question)
        for key in ("replicates", "gains", "losses"):
            del row[key]
        questions.append(
            {
                **row,
                "lo": answer.lo,
                "hi": answer.hi,
                "word": answer.word.value,
                "more_people": answer.more_people,
            }
        )
    return {
        "candidate": side(figures.candidate),
        "active": side(figures.active),
        "gate": {
            "open": verdict.open,
            "margin_points": verdict.terms.margin * 100,
            "confidence_percent": verdict.terms.confidence * 100,
        },
        "questions": questions,
        "verification": msgspec.to_builtins(figures.verification),
        "people": figures.people,
        "photos": figures.photos,
        "of_people": figures.of_people,
        "of_photos": figures.of_photos,
        "unreadable": list(figures.unreadable),
        "disagreements": msgspec.to_builtins(found.disagreements),
    }


def _say_comparison(found: "Comparison", verdict: "Verdict", out: Output) -> None:
    figures = found.figures
    out.table(
        f"{figures.candidate.name} against {figures.active.name}: {figures.people} of {figures.of_people} people, "
        f"{figures.photos} photographs",
        ("question", "people", "in use", "candidate", "difference, points", "gate"),
        [
            (
                f"{question.question} {question.detail}".strip(),
                question.people,
                _percent(question.active.value) if question.people else "-",
                _percent(question.candidate.value) if question.people else "-",
                f"{answer.difference * 100:+.2f} ({answer.lo * 100:+.2f} to {answer.hi * 100:+.2f})",
                answer.word.value
                + (f"; about {answer.more_people} more people" if answer.more_people else ""),
            )
            for question, answer in zip(figures.questions, verdict.answers, strict=True)
        ],
    )
    for side in (figures.active, figures.candidate):
        out.say(
            f"{side.name}: {side.ms.median:.1f} ms a face ({side.ms.lo:.1f} to {side.ms.hi:.1f}, n = {side.ms.n}), "
            f"{side.megabytes:.1f} MB, {side.parameters:,} parameters"
        )
    words = "open" if verdict.open else "closed"
    out.say(
        f"gate: {words} (may be worse by {verdict.terms.margin * 100:g} points, {verdict.terms.confidence * 100:g} % "
        f"sure); they disagree on {len(found.disagreements)} photographs"
    )


def _percent(share: float) -> str:
    return f"{share * 100:.2f} %"
