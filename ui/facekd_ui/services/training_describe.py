"""What the trainer says of itself and of this computer. It takes seconds to answer, so what does not change is kept."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import facekd
from facekd_ui.services.sealing import write_whole
from facekd_ui.services.training_child import ask
from facekd_ui.services.training_drafts import Described


def description_file(home: Path) -> Path:
    """Where the answer of the present version is kept."""
    return home / "cache" / f"describe-{_trainer_stamp()}.json"


def describe(home: Path, cancelled: Callable[[], bool] = lambda: False) -> Described:
    """What the trainer can do. It is asked once per version; its answer is kept on disk.

    Raises TrainingFailed where torch is missing or broken.
    """
    path = description_file(home)
    try:
        return Described(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError):
        document = ask(["describe"], home, cancelled)
    for old in path.parent.glob("describe-*.json"):
        old.unlink(missing_ok=True)
    write_whole(path, json.dumps(document, ensure_ascii=False).encode())
    return Described(document)


def devices(home: Path, cancelled: Callable[[], bool] = lambda: False) -> list[dict[str, Any]]:
    """Where the trainer could run, best first: `id` of the configuration, `name`, `memory` in bytes."""
    found: list[dict[str, Any]] = ask(["devices"], home, cancelled)["devices"]
    return found


def _trainer_stamp() -> str:
    """Changes with the version, and in a checkout with the trainer's code."""
    package = Path(facekd.__file__).parent
    files = [*package.glob("config*.py"), *(package / "distil").rglob("*.py")]
    facts = sorted((str(path.relative_to(package)), path.stat().st_mtime_ns) for path in files)
    return hashlib.sha256(json.dumps([facekd.__version__, facts]).encode()).hexdigest()[:16]
