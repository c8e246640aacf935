"""`doctor`: is everything in place, and if not, what to do."""

import argparse
import os
import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import onnxruntime

from facekd.errors import FacekdError
from facekd.models import Registry
from facekd.native import engine
from facekd_ui.cli.commands import Commands
from facekd_ui.cli.output import Output

if TYPE_CHECKING:
    from facekd_db.keys import KeyStore

OTHER_CV2 = ("opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless")


def add_to(commands: Commands) -> None:
    """Add `doctor`."""
    parser = commands.add(
        "doctor", "check the installation and say what is missing",
        ("facekd-cli doctor", "a table; exit status 1 when something needed is missing"),
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, out: Output) -> int:
    """Every check, in the order in which a newcomer meets them."""
    checks = [check(args) for check in CHECKS]
    out.document({"checks": checks})
    rows = [(c["name"], "yes" if c["ok"] else "NO", c["detail"], c["remedy"]) for c in checks]
    out.table("", ("check", "ok", "found", "what to do"), rows)
    return 0 if all(check["ok"] for check in checks) else 1


def _result(name: str, ok: bool, detail: str, remedy: str = "") -> dict[str, Any]:
    return {"name": name, "ok": ok, "detail": detail, "remedy": "" if ok else remedy}


def _python(args: argparse.Namespace) -> dict[str, Any]:
    return _result("python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _engine(args: argparse.Namespace) -> dict[str, Any]:
    """The extension is optional: without it everything works, only slower."""
    return _result("native engine", True, engine().detail)


def _opencv(args: argparse.Namespace) -> dict[str, Any]:
    clashing = []
    for name in OTHER_CV2:
        try:
            distribution(name)
        except PackageNotFoundError:
            continue
        clashing.append(name)
    remedy = (
        f"several packages share the folder cv2: pip uninstall {' '.join(clashing)}, "
        "then pip install --force-reinstall opencv-python-headless"
    )
    return _result("opencv", not clashing, ", ".join([cv2.__version__, *clashing]), remedy)


def _onnxruntime(args: argparse.Namespace) -> dict[str, Any]:
    providers = onnxruntime.get_available_providers()
    return _result("onnxruntime", True, f"{version('onnxruntime')}; providers: {', '.join(providers)}")


def _home(args: argparse.Namespace) -> dict[str, Any]:
    place = next(folder for folder in (args.home, *args.home.parents) if folder.exists())
    writable = place.is_dir() and os.access(place, os.W_OK)
    return _result(
        "home folder", writable, str(args.home), f"make {place} writable, or name another with --home"
    )


def _store_key(args: argparse.Namespace) -> dict[str, Any]:
    """Where the key lies that faces are encrypted with, and whether it is the one that the database needs."""
    from facekd_db.errors import StoreError, StoreMissing
    from facekd_db.keys import open_keys
    from facekd_db.store import PING_S, Store
    from facekd_ui.settings import database_address, load

    keys = open_keys(args.home)
    store = None
    try:
        address = database_address(args.home, load(args.home), args.db_url)
        store = Store(address, keys, answer_s=PING_S)
        store.ping()
        with store.reading() as t:
            key_id = t.vault.active_store_key()
    except (StoreError, FacekdError) as error:  # then only its place can be looked at
        why = "there is no database yet" if isinstance(error, StoreMissing) else str(error)
        return _place_of_key(keys, why)
    finally:
        if store is not None:
            store.close()
    try:
        found = keys.get(key_id) is not None
    except StoreError as error:
        return _result("store key", False, keys.place, str(error))
    remedy = (
        "bring the key from a computer that has it: facekd-cli store key export there, store key import here"
    )
    detail = f"{key_id[:8]} in {keys.place}, readable" if found else f"{key_id[:8]} is not in {keys.place}"
    return _result("store key", found, detail, remedy)


def _place_of_key(keys: "KeyStore", no_store: str) -> dict[str, Any]:
    from facekd_db.errors import StoreError

    try:
        keys.get("0" * 32)  # nobody's: asks whether the place can be read at all
    except StoreError as error:
        return _result("store key", False, keys.place, str(error))
    return _result("store key", True, f"{keys.place}, readable; not compared with a database ({no_store})")


def _model(kind: Any) -> Callable[[argparse.Namespace], dict[str, Any]]:
    def check(args: argparse.Namespace) -> dict[str, Any]:
        registry = Registry.from_environment(args.home)
        try:
            model = registry.default(kind)
        except FacekdError as error:
            return _result(f"{kind} model", False, "none", str(error))
        return _result(f"{kind} model", True, f"{model.card.name} ({model.card.licence})")

    return check


def _processor(args: argparse.Namespace) -> dict[str, Any]:
    cores = os.cpu_count() or 1
    return _result("processor", True, f"{cores} cores, {_cpu_name()}")


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


CHECKS = (
    _python,
    _processor,
    _opencv,
    _onnxruntime,
    _engine,
    _home,
    _store_key,
    _model("detector"),
    _model("embedder"),
)
