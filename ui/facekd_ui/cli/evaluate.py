"""`evaluate verification` and `evaluate identification`: how good a model is, with intervals."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facekd.errors import InputError
from facekd.evaluation.faces import (
    embed_packed,
    embed_people,
    embed_photographs,
    photographs_of_people,
    photographs_of_strangers,
    portraits_of_packed,
)
from facekd.evaluation.identification import (
    IdentificationReport,
    Portraits,
    identification_report,
    require_enrolled,
    split_by_count,
)
from facekd.evaluation.intervals import trials_needed, wilson_interval
from facekd.evaluation.pairs import paths_below, read_pairs, rows_of
from facekd.evaluation.verification import TrueAccepts, VerificationReport, pair_scores, verification_report
from facekd.packed import Packed
from facekd.types import Embeddings
from facekd_ui.cli.commands import Commands
from facekd_ui.cli.networks import add_options, open_detector, open_embedder
from facekd_ui.cli.output import Output
from facekd_ui.cli.train import add_classification

SHOWN_FPIRS = ("1e-1", "1e-2", "3e-3", "1e-3")
NAMED_FILES = 5


def add_to(commands: Commands) -> None:
    """Add `evaluate` with its sub-commands."""
    group = commands.group("evaluate", "measure how good a model is")
    _add_verification(group)
    _add_identification(group)
    add_classification(group)


def _add_verification(group: Commands) -> None:
    parser = group.add(
        "verification",
        "1:1: tell pairs of one person from pairs of two",
        (
            "facekd-cli evaluate verification --faces crops.npz --pairs pairs.csv",
            "aligned crops, no detection",
        ),
        (
            "facekd-cli evaluate verification --faces lfw/ --pairs pairs.txt",
            "pictures in folders, LFW's list",
        ),
    )
    parser.add_argument(
        "--faces", type=Path, required=True, metavar="F.npz|DIR",
        help="packed npz of aligned crops, or a folder of pictures (112x112: aligned crops; others: the largest face)",
    )  # fmt: skip
    parser.add_argument(
        "--pairs", type=Path, required=True, metavar="P",
        help="CSV fold,same,file_a,file_b, or the LFW list format",
    )  # fmt: skip
    parser.add_argument(
        "--flip",
        action="store_true",
        help="average each embedding with that of the mirrored picture; twice the time",
    )
    add_options(parser)
    parser.set_defaults(run=run_verification)


def _add_identification(group: Commands) -> None:
    parser = group.add(
        "identification",
        "1:N: name the enrolled, leave strangers unnamed",
        ("facekd-cli evaluate identification --faces crops.npz", "aligned crops, no detection"),
        (
            "facekd-cli evaluate identification --gallery a/ --probes b/ --strangers c/",
            "photographs, whole chain",
        ),
    )
    parser.add_argument(
        "--faces", type=Path, metavar="F.npz",
        help="packed npz of aligned crops with `files` and `identity`: the first crop of everyone with two or more is "
        "the gallery, their others are probes, people with one crop are strangers",
    )  # fmt: skip
    parser.add_argument("--gallery", type=Path, metavar="DIR", help="photographs to enrol, DIR/NAME/*.jpg")
    parser.add_argument(
        "--probes", type=Path, metavar="DIR", help="others of the same people, DIR/NAME/*.jpg"
    )
    parser.add_argument("--strangers", type=Path, metavar="DIR", help="people who are not enrolled")
    add_options(parser)
    parser.set_defaults(run=run_identification)


def run_verification(args: argparse.Namespace, out: Output) -> int:
    """Score the pairs and report."""
    pairs = read_pairs(args.pairs)
    names = pairs.files()
    embeddings, found = _embed_named(args, out, names)
    report = verification_report(pair_scores(pairs, names, embeddings, found), pairs.same, pairs.fold)
    out.document(_verification_document(report, embeddings.model_id))
    _show_verification(report, out)
    missed = [name for name, face in zip(names, found.tolist(), strict=True) if not face]
    _note_not_detected(missed, "their pairs score -1, the lowest", out)
    return 0


def run_identification(args: argparse.Namespace, out: Output) -> int:
    """Search every probe and stranger in the gallery and report."""
    folders = (args.gallery, args.probes, args.strangers)
    if args.faces is not None and any(folder is not None for folder in folders):
        raise InputError("expected either --faces or the three folders, got both; leave one out")
    if args.faces is None and any(folder is None for folder in folders):
        raise InputError("expected --gallery, --probes and --strangers together, or --faces; see --help")
    gallery, probes, strangers = (
        _split_packed(args, out) if args.faces is not None else _embed_folders(args, out)
    )
    report = identification_report(gallery, probes, strangers)
    out.document(
        {
            "rank1": report.rank1,
            "curve": [{"threshold": p.threshold, "fpir": p.fpir, "fnir": p.fnir} for p in report.curve],
            "n_probes": report.n_probes,
            "n_strangers": report.n_strangers,
            "not_detected": len(report.not_detected),
        }
    )
    _show_identification(report, out)
    _note_not_detected(report.not_detected, "a probe like that is a miss at every threshold", out)
    return 0


def _embed_named(
    args: argparse.Namespace, out: Output, names: tuple[str, ...]
) -> tuple[Embeddings, NDArray[np.bool_]]:
    """Embeddings of the named pictures of a packed npz or of a folder, and whether each shows a face."""
    if args.faces.is_dir():
        paths = paths_below(names, args.faces)
        detector, embedder = open_detector(args), open_embedder(args, flip=args.flip)
        with out.progress("Embedding", len(paths)) as advance:
            return embed_photographs(paths, detector, embedder, advance, crops=True)
    packed = Packed.open(args.faces)
    if not packed.files:
        raise InputError(
            f"{args.faces}: expected `files`, the names that the pairs use, got a packed npz without"
        )
    rows = rows_of(names, packed.files, where=str(args.faces))
    embedder = open_embedder(args, flip=args.flip)
    with out.progress("Embedding", len(rows)) as advance:
        return embed_packed(packed, rows, embedder, advance), np.ones(len(rows), np.bool_)


def _split_packed(args: argparse.Namespace, out: Output) -> tuple[Portraits, Portraits, Portraits]:
    packed, embedder = Packed.open(args.faces), open_embedder(args)
    with out.progress("Embedding", len(packed)) as advance:
        everyone = portraits_of_packed(packed, embedder, advance)
    if len(everyone) < len(packed):
        out.note(f"{len(packed) - len(everyone):,} crops without identity are left out")
    gallery, probes, strangers = (
        everyone.take(part) for part in split_by_count(everyone.files, everyone.people)
    )
    return gallery, probes, strangers


def _embed_folders(args: argparse.Namespace, out: Output) -> tuple[Portraits, Portraits, Portraits]:
    enrolled, asked = photographs_of_people(args.gallery), photographs_of_people(args.probes)
    roles = (enrolled, asked, photographs_of_strangers(args.strangers))
    require_enrolled([one.person for one in enrolled], [one.person for one in asked])  # before the long work
    detector, embedder = open_detector(args), open_embedder(args)
    with out.progress("Detecting and embedding", sum(map(len, roles))) as advance:
        gallery, probes, strangers = (embed_people(role, detector, embedder, advance) for role in roles)
    return gallery, probes, strangers


def _verification_document(report: VerificationReport, model_id: str) -> dict[str, Any]:
    rates = {
        far: {"tar": value.tar, "lo": value.lo, "hi": value.hi, "threshold": value.threshold}
        if isinstance(value, TrueAccepts)
        else {"refused": True, "needed": value.needed}
        for far, value in report.tar_at_far.items()
    }
    accuracy = report.accuracy
    return {
        "model_id": model_id,
        "n_pairs": report.n_genuine + report.n_impostor,
        "accuracy": {"mean": accuracy.mean, "std": accuracy.std, "folds": list(accuracy.folds)},
        "eer": report.eer,
        "auc": report.auc,
        "tar_at_far": rates,
    }


def _show_verification(report: VerificationReport, out: Output) -> None:
    accuracy = report.accuracy
    out.say(f"{report.n_genuine:,} pairs of one person, {report.n_impostor:,} pairs of two")
    out.say(
        f"accuracy {_percent(accuracy.mean)} +- {_percent(accuracy.std)} over {len(accuracy.folds)} folds, "
        f"EER {_percent(report.eer)}, AUC {report.auc:.5f}"
    )
    rows = [
        (far, _percent(value.tar), _interval(value.lo, value.hi), f"{value.threshold:.4f}")
        if isinstance(value, TrueAccepts)
        else (far, "refused", f"needs {value.needed:,} pairs of two people", "")
        for far, value in report.tar_at_far.items()
    ]
    out.table("True accept rate", ("FAR", "TAR", "95 % interval", "threshold"), rows)


def _show_identification(report: IdentificationReport, out: Output) -> None:
    hits = int(report.right.sum())
    out.say(
        f"{report.n_enrolled:,} people enrolled, {report.n_probes:,} probes, {report.n_strangers:,} strangers"
    )
    out.say(f"rank-1 {_percent(report.rank1)} ({_interval(*wilson_interval(hits, report.n_probes))})")
    rows = []
    for fpir in SHOWN_FPIRS:
        if report.n_strangers < (needed := trials_needed(float(fpir))):
            rows.append((fpir, "refused", f"needs {needed:,} strangers", ""))
            continue
        point = report.fnir_at(float(fpir))
        interval = wilson_interval(round(point.fnir * report.n_probes), report.n_probes)
        rows.append((fpir, _percent(point.fnir), _interval(*interval), f"{point.threshold:.4f}"))
    out.table("False negative identification rate", ("FPIR", "FNIR", "95 % interval", "threshold"), rows)


def _note_not_detected(files: tuple[str, ...] | list[str], consequence: str, out: Output) -> None:
    if files:
        named = ", ".join(files[:NAMED_FILES]) + (", ..." if len(files) > NAMED_FILES else "")
        out.note(f"no face found in {len(files):,} pictures ({consequence}): {named}")


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _interval(low: float, high: float) -> str:
    return f"{100 * low:.2f} to {100 * high:.2f} %"
