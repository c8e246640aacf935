"""Options that choose the networks, and the networks they choose; shared by every command that runs one."""

import argparse

from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.models import Registry
from facekd.onnx_session import PROVIDERS

VIDEO_SIDE = 640
PICTURE_SIDE = 1280


def add_options(parser: argparse.ArgumentParser, *, detector: bool = True, embedder: bool = True) -> None:
    """Add --detector, --model and --provider as far as the command needs them."""
    chosen = "a name, the beginning of an id (see `models list`), or a path to an .onnx file"
    if detector:
        parser.add_argument("--detector", metavar="M", help=f"face detector: {chosen}")
    if embedder:
        parser.add_argument("--model", metavar="M", help=f"face embedder: {chosen}")
    parser.add_argument(
        "--provider", choices=tuple(PROVIDERS), default="cpu",
        help="where the networks run; an absent one is an error, never a silent fallback (default: %(default)s)",
    )  # fmt: skip


def open_detector(args: argparse.Namespace, *, long_side: int = PICTURE_SIDE) -> Detector:
    """The detector that the arguments name, or the default one."""
    model = Registry.from_environment(args.home).choose(args.detector, "detector")
    return Detector(model, long_side=long_side, threads=args.threads, provider=args.provider)


def open_embedder(args: argparse.Namespace, *, flip: bool = False) -> Embedder:
    """The embedder that the arguments name, or the default one; `flip` averages with the mirrored crop."""
    model = Registry.from_environment(args.home).choose(args.model, "embedder")
    return Embedder(model, flip=flip, threads=args.threads, provider=args.provider)
