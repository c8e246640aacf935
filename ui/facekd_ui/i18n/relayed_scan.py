"""Which sentences `facekd` and `facekd_db` can send to the window: the templates that `relayed` looks up.

An f-string becomes its template, "{0}: cannot be read ({1})". Found are the messages of the errors that both packages
raise on purpose, and of the few other places that carry words (`CARRIERS`). What only the command line or the
training process says is left out.
"""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import facekd
import facekd.errors
import facekd_db
import facekd_db.errors

UI = Path(__file__).resolve().parents[1]
LEFT_OUT = frozenset(
    {
        *("distil", "evaluation", "cli"),
        *("config.py", "config_table.py", "packed.py", "protocol.py", "overlay.py", "video.py", "server.py"),
    }
)
"""Folders and files whose messages never reach the window."""
CARRIERS: dict[str, tuple[int, ...]] = {
    "Lost": (0,),  # facekd.sources.connection
    "Status": (1,),  # facekd.sources.live
    "_refusal": (0, 1, 2),  # facekd.images, facekd.sources.files
    "Engine": (3,),  # facekd.native
    "AuditReport": (3,),  # facekd_db.audit
}
"""Callee -> which of its arguments are words for people."""
STORED_WORDS = "warning"
"""Attribute of `facekd_db.keys` with words for people."""
RETURNED_WORDS = frozenset(
    {
        ("facekd_db/engine.py", "place"),
        ("facekd/models.py", "missing"),
        ("facekd/sources/connection.py", "_why_closed"),
    }
)
"""File and function that returns words for people."""
TABLES = frozenset({("facekd/images.py", "_STRANGERS"), ("facekd/images.py", "KINDS")})
"""File and table that holds words for people."""


def relayed_texts() -> Iterator[tuple[str, str]]:
    """(template, where) of every message, in the order of the code."""
    below = [Path(str(package.__file__)).parent for package in (facekd, facekd_db)]
    for folder in (*below, UI):
        for file in sorted(folder.rglob("*.py")):
            if LEFT_OUT.isdisjoint(file.relative_to(folder).parts):
                yield from templates(
                    file.read_text(encoding="utf-8"), f"{folder.name}/{file.relative_to(folder)}"
                )


def templates(code: str, where: str) -> Iterator[tuple[str, str]]:
    """The messages of one file."""
    expected = _expected() | ({"ValueError"} if where.startswith("facekd_db/") else set())
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            places = CARRIERS.get(name, (0,) if name in expected else ())
            spoken: Sequence[ast.expr] = [node.args[place] for place in places if place < len(node.args)]
        elif (
            isinstance(node, ast.AnnAssign)
            and getattr(node.target, "attr", "") == STORED_WORDS
            and node.value
        ):
            spoken = [node.value]
        elif isinstance(node, ast.FunctionDef) and (where, node.name) in RETURNED_WORDS:
            spoken = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
        elif (
            isinstance(node, ast.Assign | ast.AnnAssign)
            and (where, _name_of(node)) in TABLES
            and node.value is not None
        ):
            spoken = [each for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
        else:
            continue
        for expression in spoken:
            for template in _of(expression):
                yield template, f"{where}:{node.lineno}"


def _name_of(node: ast.Assign | ast.AnnAssign) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return str(getattr(target, "id", ""))


def _expected() -> set[str]:
    """Names of the errors that both packages raise on purpose."""
    found: set[str] = set()
    waiting: list[type] = [facekd.errors.FacekdError, facekd_db.errors.StoreError]
    while waiting:
        kind = waiting.pop()
        if kind.__module__ in (facekd.errors.__name__, facekd_db.errors.__name__):
            found.add(kind.__name__)
            waiting += kind.__subclasses__()
    return found


def _of(expression: ast.expr) -> Iterator[str]:
    """The template of a literal, and the words that it may put in."""
    if isinstance(expression, ast.IfExp):
        yield from _of(expression.body)
        yield from _of(expression.orelse)
    elif isinstance(expression, ast.BoolOp):
        yield from _alternatives(expression)
    elif isinstance(expression, ast.Constant) and isinstance(expression.value, str) and expression.value:
        yield expression.value
    elif isinstance(expression, ast.JoinedStr):
        parts, count = [], 0
        for value in expression.values:
            if isinstance(value, ast.Constant):
                parts.append(str(value.value).replace("{", "{{").replace("}", "}}"))
            elif isinstance(value, ast.FormattedValue):
                parts.append(f"{{{count}}}")
                count += 1
                yield from _alternatives(value.value)
        template = "".join(parts)
        if any(letter.isalpha() for letter in template):
            yield template


def _alternatives(expression: ast.expr) -> Iterator[str]:
    """`{reason or 'no answer yet'}` and `{'a' if b else 'c'}` put words in."""
    if isinstance(expression, ast.BoolOp):
        for value in expression.values:
            yield from _alternatives(value)
    elif isinstance(expression, ast.IfExp):
        yield from _alternatives(expression.body)
        yield from _alternatives(expression.orelse)
    elif isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        if any(letter.isalpha() for letter in expression.value):
            yield expression.value
    elif isinstance(expression, ast.JoinedStr):
        yield from _of(expression)
