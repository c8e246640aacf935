"""The enrolled people as the matcher sees them: templates of one model, and who each belongs to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from facekd.errors import ModelMismatch
from facekd.search import Index, SearchIndex
from facekd.types import Candidate, Embeddings


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """An immutable snapshot; enrolling builds a new one and the pipeline's reference is replaced."""

    model_id: str
    people: tuple[str, ...]  # person of template i; template ids are 0..n-1
    index: SearchIndex
    revision: int = 0
    _depth: int = field(default=1)  # so many templates, plus one, surely hold two people

    @classmethod
    def build(
        cls, model_id: str, dim: int, templates: Sequence[tuple[str, Embeddings]], revision: int = 0
    ) -> "Gallery":
        """A gallery of (person, templates); a person may appear more than once.

        Args:
            model_id: the model that made every template.
            dim: length of a template.
            revision: number of the store's state that this snapshot shows.

        Raises:
            ModelMismatch: a template of another model.
        """
        for person, rows in templates:
            _same_model(model_id, rows.model_id, f"template of {person}")
        people = tuple(person for person, rows in templates for _ in range(len(rows)))
        index = Index(dim)
        if people:
            vectors = np.ascontiguousarray(np.concatenate([rows.vectors for _, rows in templates]))
            index.add(np.arange(len(people), dtype=np.int64), vectors)
        most = max(Counter(people).values(), default=0)
        return cls(model_id, people, index, revision, most)

    def __len__(self) -> int:
        return len(self.people)

    def require(self, model_id: str, what: str) -> None:
        """Raises ModelMismatch unless `model_id` is the gallery's."""
        _same_model(self.model_id, model_id, what)

    def candidates(self, probes: Embeddings) -> tuple[tuple[Candidate, ...], ...]:
        """For each probe the two likeliest people, best first (fewer when fewer are enrolled).

        A person's score is that of the best template. Raises ModelMismatch for probes of another model.
        """
        self.require(probes.model_id, "probe")
        if not self.people or not len(probes):
            return ((),) * len(probes)
        ids, scores = self.index.search(
            np.ascontiguousarray(probes.vectors), min(self._depth + 1, len(self.people))
        )
        return tuple(
            self._two_people(row, values) for row, values in zip(ids.tolist(), scores.tolist(), strict=True)
        )

    def _two_people(self, ids: list[int], scores: list[float]) -> tuple[Candidate, ...]:
        best: dict[str, float] = {}
        for template, score in zip(ids, scores, strict=True):
            best.setdefault(self.people[template], score)  # best first, so the first is the person's best
        return tuple(Candidate(person, score) for person, score in list(best.items())[:2])


def _same_model(expected: str, model_id: str, what: str) -> None:
    if model_id != expected:
        raise ModelMismatch(
            f"expected a {what} of model {expected[:12]}, got one of model {model_id[:12]}; "
            "embed the pictures again with the gallery's model"
        )
