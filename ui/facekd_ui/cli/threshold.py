"""`threshold`: the line for a name as a promise, "at most 1 wrong name in N strangers"."""

import argparse
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facekd.calibration import Promise, Refusal, calibrate_scores
from facekd.errors import InputError
from facekd_ui.cli.commands import Commands
from facekd_ui.cli.desk import logged_in
from facekd_ui.cli.output import Output


def add_to(commands: Commands) -> None:
    """Add `threshold`."""
    parser = commands.add(
        "threshold",
        "the line for a name that keeps a promise, from the people on file",
        ("facekd-cli threshold --as emil --promise 1000", "at most 1 wrong name in 1,000 strangers"),
        ("facekd-cli threshold --promise 1000 --scores scores.npz", "from scores computed elsewhere"),
    )
    parser.add_argument(
        "--promise", type=_count, required=True, metavar="N", help="one wrong name in N strangers at most"
    )
    parser.add_argument(
        "--scores", type=Path, metavar="F.npz",
        help="instead of the people on file: `impostor`, one score for each stranger (the best that this stranger "
        "reached with anybody), and `genuine`, one for each person on file; no login",
    )  # fmt: skip
    parser.set_defaults(run=run_threshold)


def run_threshold(args: argparse.Namespace, out: Output) -> int:
    """Exit status 1 when the data cannot carry the promise."""
    if args.scores is not None:
        answer = calibrate_scores(*read_scores(args.scores)).promise(args.promise)
    else:
        with logged_in(args) as services:
            answer = services.promises.at(args.promise)
    if isinstance(answer, Refusal):
        out.document({"refused": True, "people_needed": answer.people_needed})
        out.say(_refused(answer, of_file=args.scores is not None))
        return 1
    out.document(
        {
            "threshold": answer.threshold,
            "fpir": answer.fpir,
            "lo": answer.lo,
            "hi": answer.hi,
            "fnir": None if answer.fnir is None else answer.fnir.value,
        }
    )
    _show(answer, out)
    return 0


def read_scores(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`genuine` and `impostor` of an npz. Raises InputError when the file or one of the two cannot be used."""
    if not path.is_file():
        raise InputError(f"{path}: expected an npz with `genuine` and `impostor`, found no file")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found: dict[str, Any] = {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: expected an npz with `genuine` and `impostor`, got {error}") from error
    scores = []
    for name in ("genuine", "impostor"):
        if name not in found:
            raise InputError(
                f"{path}: expected `genuine` and `impostor`, got {', '.join(sorted(found)) or 'no arrays'}"
            )
        values = found[name]
        real = np.issubdtype(values.dtype, np.floating) or np.issubdtype(values.dtype, np.integer)
        if not real or values.ndim != 1 or not np.isfinite(values).all():
            raise InputError(
                f"{path}: expected `{name}` as finite scores [n], got {values.dtype} {list(values.shape)}"
            )
        scores.append(values.astype(np.float64))
    return scores[0], scores[1]


def _show(answer: Promise, out: Output) -> None:
    from facekd_ui.services.promises import promise_words

    out.say(str(promise_words(answer)))
    out.say(f"line for a name {answer.threshold:.4f}, uncertain from {answer.uncertain:.4f}, {answer.basis}")
    out.say(f"wrong names: {_one_in(answer.fpir)}, 95 % sure of {_one_in(answer.lo)} to {_one_in(answer.hi)}")
    if answer.fnir is not None:
        price = answer.fnir
        out.say(
            f"photographs of people on file that get no name: {100 * price.value:.1f} % "
            f"({100 * price.lo:.1f} to {100 * price.hi:.1f} %, {price.n:,} people)"
        )


def _refused(answer: Refusal, *, of_file: bool) -> str:
    if of_file:
        return (
            f"1 in {answer.strangers:,} cannot be promised with {answer.people:,} strangers; "
            f"it needs {answer.people_needed:,}"
        )
    from facekd_ui.services.promises import refusal_words

    return str(refusal_words(answer))


def _one_in(share: float) -> str:
    return f"1 in {1 / share:,.0f}" if share > 1e-9 else "none"


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number of strangers from 1, got {text!r}")
    return int(text)
