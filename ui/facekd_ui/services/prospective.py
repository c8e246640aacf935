"""Where another model would put its line, by the promise in force and with the people on file."""

from collections.abc import Sequence

from facekd.embed import Embedder
from facekd.errors import ModelFileError
from facekd.policy import Policy
from facekd.search import Index
from facekd.types import Floats
from facekd_db.store import Store
from facekd_ui.i18n.text import T
from facekd_ui.services.errors import ServiceError
from facekd_ui.services.line import Line, line_for, strangers_of
from facekd_ui.services.stored_gallery import StoredGallery, local_day, policy_for, vectors


class NoLine(ServiceError):
    """Nobody can say from which likeness on this model may say a name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            T(
                "{name} has no line for a name: its card has no table, and the people on file cannot carry the "
                "promise in force. Enrol more people, or promise less.",
                name=name,
            )
        )


def prospective(
    embedder: Embedder, rows: Floats, people: Sequence[str], strangers: int, on_file: int
) -> tuple[Policy, Line | None]:
    """The rules of a model for a name, as `policy_for` would have them once it speaks, and the line to be kept.

    Args:
        rows: [n, d] templates by it; `people` [n] whose they are.
        strangers: the promise: at most one wrong name in so many.
        on_file: people, when `rows` are of a sample.

    Raises:
        NoLine
    """
    line = line_for(rows, people, strangers)
    stand_in = StoredGallery(
        embedder.model_id,
        (),
        Index(embedder.card.dim or 1),
        head_count=on_file,
        strangers=strangers,
        line=line,
    )
    try:
        return policy_for(embedder, stand_in), line
    except ModelFileError as error:
        raise NoLine(embedder.card.name) from error


def of_stored(store: Store, embedder: Embedder) -> tuple[Policy, Line | None]:
    """`prospective` from the templates that the store holds by this model. Raises NoLine."""
    with store.reading() as t:
        shown = [
            row for row in t.templates.gallery(embedder.model_id, local_day(t.now)).rows if not row.rejects
        ]
        strangers = strangers_of(t)
    people = [str(row.person_id) for row in shown]
    return prospective(embedder, vectors(shown, embedder.card.dim or 1), people, strangers, len(set(people)))
