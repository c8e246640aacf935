"""Prints for an embedder's card which cosine strangers reach how often, and how alike two pictures of one person are.

    .venv/bin/python scripts/card_thresholds.py MODEL.onnx FACES.npz

FACES is a packed file of aligned crops with `identity`; only people of the training side belong here, never an
evaluation set. What is measured, and how: `facekd/evaluation/lines.py`. The Photo and Records pages draw the curve of
same people from `genuine_mean` and `genuine_std`.
"""

import sys
from pathlib import Path

import msgspec
import numpy as np

from facekd.config_table import toml_text
from facekd.embed import Embedder
from facekd.evaluation.lines import RESAMPLES, few_each, measure_lines
from facekd.models import open_model_file
from facekd.packed import Packed


def main(model_path: str, faces_path: str) -> int:
    """Print the table and the metrics."""
    embedder = Embedder(open_model_file(Path(model_path)))
    packed = Packed.open(Path(faces_path))
    if packed.identity is None:
        print(f"{faces_path}: expected a packed file with `identity`", file=sys.stderr)
        return 2
    people = np.asarray(packed.identity)
    rows = few_each(people)
    crops = (np.stack([packed.image_rgb(int(i)) for i in rows[s : s + 64]]) for s in range(0, len(rows), 64))
    vectors = np.concatenate([embedder.embed(block).vectors for block in crops])
    found = measure_lines(vectors, people[rows])
    source = f"{found.crops} crops of {Path(faces_path).name}"
    print(f"# {found.people} people, {source}, {RESAMPLES} bootstrap resamples of people")
    for row in found.thresholds:
        print(f"\n[[threshold]]\n{toml_text(msgspec.to_builtins(row))}", end="")
    for name, metric in found.metrics.items():
        print(f"\n[metrics.{name}]\n{toml_text(msgspec.to_builtins(metric))}", end="")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
