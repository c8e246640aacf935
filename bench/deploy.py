"""How fast a deployment renews the photographs on file, beside the embedder alone: the table of docs/performance.md.

    .venv/bin/python bench/deploy.py [--quick] [--model M] [--faces F.npz] [--document docs/performance.md]

The whole way of the service (read, decrypt, decode, embed, encrypt, write, commit) over a SQLite store on this disk and
the same embedder over the same crops in memory, in the same batches, take turns in one process; the ratio is of
photographs a second within a turn. Switch and rollback are timed from the call until the live recogniser has the other
model. Without `--model` this project's students with random weights stand in: they cost what trained ones cost. Without
`--faces` smooth pictures with the noise of a camera do. Writes out/bench/deploy.json.
"""

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import report
import torch

from facekd.config_table import toml_text
from facekd.distil.networks import NETWORKS
from facekd.distil.training.export import Deployed, onnx_bytes
from facekd.embed import Embedder
from facekd.modelcard import file_digest
from facekd.models import ModelFile, Registry, open_model_file
from facekd.packed import Packed
from facekd.types import Image
from facekd_db.keys import FileKeys
from facekd_db.passwords import MEMORY_LEAST_KIB, Cost
from facekd_db.records import NewTemplate, PersonFields
from facekd_db.store import COST_SETTING, Store
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.examination import crop_png
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.services.renewing import BATCH
from facekd_ui.services.stored_gallery import GalleryCache, as_bytes

MARK = "bench/deploy.py"
PACKAGES = ("facekd", "SQLAlchemy", "numpy", "onnxruntime", "opencv-python-headless", "pillow")
EACH = 4  # photographs of a person
SIDE = 112


@dataclass(frozen=True, slots=True)
class Turn:
    """Photographs a second."""

    deployed: float
    alone: float


def student(folder: Path, size: str) -> ModelFile:
    """The project's own student, untrained, as a model with its card."""
    torch.manual_seed(len(size))
    kind = NETWORKS["desktop"]
    network = kind.build(kind.Config(size=size), 0)
    path = folder / f"desktop_{size}.onnx"
    path.write_bytes(onnx_bytes(Deployed(network.eval(), "embedding"), SIDE, "embedding"))
    with torch.no_grad():
        dim = network(torch.zeros(2, 3, SIDE, SIDE)).embedding.shape[1]
    rows = [{"far": far, "value": v, "lo": v, "hi": v, "n": 1000} for far, v in ((1e-2, 0.5), (1e-4, 0.7))]
    table = {
        "id": file_digest(path.read_bytes()),
        "kind": "embedder",
        "licence": "Apache-2.0",
        "origin": "random weights, for a benchmark",
        "dim": dim,
        "input": {"size": [SIDE, SIDE], "colour": "rgb", "mean": [127.5] * 3, "scale": [1 / 127.5] * 3},
        "threshold": rows,
    }
    path.with_suffix(".toml").write_text(toml_text(table), encoding="utf-8")
    return open_model_file(path)


def pictures(count: int, faces: Path | None) -> Image:
    """[count, 112, 112, 3] RGB."""
    if faces is not None:
        packed = Packed.open(faces)
        return np.stack([packed.image_rgb(row % len(packed)) for row in range(count)])
    rng = np.random.default_rng(0)
    coarse = rng.uniform(40, 215, (count, 8, 8, 3))
    smooth = np.repeat(np.repeat(coarse, 14, axis=1), 14, axis=2)
    for axis in (1, 2):  # two passes of a moving mean make edges as soft as a face's
        for _ in range(2):
            smooth = np.mean([np.roll(smooth, step, axis) for step in range(-6, 7)], axis=0)
    return np.clip(smooth + 3 * rng.standard_normal(smooth.shape), 0, 255).astype(np.uint8)


def filled(home: Path, crops: Image, old: ModelFile, detector: str | None, threads: int | None) -> Services:
    """A store with people, `EACH` photographs of each, and templates by the old model."""
    store = Store(f"sqlite:///{home / 'facekd.db'}", FileKeys(home / "store.key"))
    store.upgrade()
    store.run(lambda t: t.settings.put(COST_SETTING, Cost(1, MEMORY_LEAST_KIB).to_json()))
    networks = Networks(Registry([home / "models"]), Choice(detector, None, threads))
    desk = Desk.build(store, home, networks, "bench")
    session = Logins(store, desk.name).create_first("Ada", "seven quiet herons")
    embedder = networks.opened(old)
    with store.transaction() as t:
        card = msgspec.json.encode(old.card).decode()
        t.models.add(old.card.id, name=old.card.name, kind="embedder", dim=old.card.dim, card=card)
        t.gallery.activate(old.card.id)
        for first in range(0, len(crops), EACH):
            own = crops[first : first + EACH]
            person = t.people.add(PersonFields(f"Person {first}")).id
            for crop, vector in zip(own, embedder.embed(own).vectors, strict=True):
                key = t.crops.add(person, crop_png(crop), source="file")
                t.templates.add([NewTemplate(person, old.card.id, len(vector), as_bytes(vector), key)])
        t.gallery.bump()
    return Services.of(desk, session)


def let_in(services: Services, old: ModelFile, new: ModelFile) -> None:
    """The gate is not what is measured."""
    services.comparison.run(str(new.path))
    store = services.deployment._desk.store
    with store.transaction() as t:
        compared = t.deployments.comparison(new.card.id, old.card.id)
        assert compared is not None  # it was made just now
        t.deployments.vouch(compared.id, 1, "a benchmark")


def take_turns(services: Services, new: ModelFile, crops: Image, turns: int) -> list[Turn]:
    """The service and the embedder alone, one after the other; rows are removed outside of the clock."""
    embedder: Embedder = services.deployment._desk.networks.opened(new)
    embedder.embed(crops[:BATCH])
    found = []
    for _ in range(turns):
        start = time.perf_counter()
        for first in range(0, len(crops), BATCH):
            embedder.embed(crops[first : first + BATCH])
        alone = len(crops) / (time.perf_counter() - start)
        start = time.perf_counter()
        staged = services.deployment.stage(str(new.path))
        deployed = staged.done / (time.perf_counter() - start)
        assert staged.complete
        services.deployment.cancel(new.card.name)
        found.append(Turn(deployed, alone))
    return found


def switch_ms(services: Services, new: ModelFile, old: ModelFile) -> tuple[float, float]:
    """Milliseconds of the switch and of the rollback, until the live recogniser has the other model."""
    desk = services.deployment._desk
    live = _Live(desk.gallery, desk.networks)
    services.deployment.stage(str(new.path))
    start = time.perf_counter()
    services.deployment.switch(str(new.path))
    live.refresh()
    forth = time.perf_counter() - start
    start = time.perf_counter()
    services.deployment.roll_back(old.card.id)
    live.refresh()
    return forth * 1e3, (time.perf_counter() - start) * 1e3


class _Live:
    """What `LiveRecognition.refresh` does, without a face finder, which a bench need not have."""

    def __init__(self, gallery: GalleryCache, networks: Networks) -> None:
        self._gallery, self._networks = gallery, networks

    def refresh(self) -> None:
        """The newest people, and the embedder that fits them."""
        self._networks.embedder(self._gallery.current().model_id)


def main() -> int:
    """Measure, print, and write out/bench/deploy.json."""
    parser = argparse.ArgumentParser(description="Photographs a second while a model is deployed.")
    parser.add_argument("--quick", action="store_true", help="few photographs, two turns, for CI")
    parser.add_argument("--model", type=Path, action="append", metavar="M.onnx", help="deploy this, too")
    parser.add_argument("--faces", type=Path, metavar="F.npz", help="aligned crops to put on file")
    parser.add_argument("--threads", type=int, metavar="N", help="of the embedder; default: all cores")
    parser.add_argument("--document", type=Path, metavar="F.md", help="put the table there")
    args = parser.parse_args()
    count, turns = (256, 2) if args.quick else (2000, 5)
    crops = pictures(count, args.faces)
    cases, rows = [], []
    with tempfile.TemporaryDirectory(prefix="facekd-deploy-") as folder:
        made = Path(folder)
        old = student(made, "small")
        for new in [student(made, "medium"), *map(open_model_file, args.model or [])]:
            home = made / new.card.name
            (home / "models").mkdir(parents=True)
            for path in (old.path, old.path.with_suffix(".toml")):
                (home / "models" / path.name).write_bytes(path.read_bytes())
            services = filled(home, crops, old, None, args.threads)
            let_in(services, old, new)
            found = take_turns(services, new, crops, turns)
            forth, back = switch_ms(services, new, old)
            services.deployment._desk.store.close()
            ratio = statistics.median(turn.deployed / turn.alone for turn in found)
            for peer in ("deployed", "alone"):
                ms = [1e3 / getattr(turn, peer) for turn in found]
                cases.append(report.case(f"renew {new.card.name}", peer, ms, {"ratio": round(ratio, 3)}))
            cases.append(report.case(f"switch to {new.card.name}", "facekd", [forth]))
            cases.append(report.case(f"roll back from {new.card.name}", "facekd", [back]))
            deployed, alone = (statistics.median(getattr(t, p) for t in found) for p in ("deployed", "alone"))
            rows.append(
                f"| {new.card.name} | {deployed:.0f} | {alone:.0f} | {ratio:.2f} | {forth:.0f} | {back:.0f} |"
            )
            print(rows[-1], flush=True)
    path = report.write("deploy", cases, {"photographs": count, "batch": BATCH}, PACKAGES)
    print(path)
    if args.document:
        text = (
            f"{report.machine_line(PACKAGES)}{count:,} photographs, batches of {BATCH}, median of {turns} turns.\n\n"
            "| model | photographs/s deployed | embedder alone | ratio | switch ms | rollback ms |\n"
            "|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
        )
        report.into_document(args.document, MARK, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
