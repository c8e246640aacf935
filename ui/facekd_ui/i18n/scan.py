"""Which strings the code has and which of them a language lacks: `python -m facekd_ui.i18n.scan zh_CN`.

Prints what is missing as TOML, ready to be translated and put into a file of `i18n/LANGUAGE`.
"""

import argparse
import ast
import string
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from facekd_ui.i18n.relayed_scan import relayed_texts
from facekd_ui.i18n.text import LANGUAGES, catalogue

PACKAGE = Path(__file__).resolve().parents[1]


class NotLiteral(ValueError):
    """A text whose English is computed: nobody could translate it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A string of the code, under the key that catalogues file it by."""

    key: str
    english: str
    where: str


def texts(folder: Path = PACKAGE) -> Iterator[Found]:
    """Every `T(...)` and `Tn(...)` below a folder; of the program also what the packages below it say.

    Raises:
        NotLiteral: a first argument (or context) that is no literal.
    """
    if folder == PACKAGE:
        yield from (Found(template, template, where) for template, where in relayed_texts())
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("T", "Tn"):
                yield _found(node, f"{file.relative_to(folder)}:{node.lineno}")


def _found(call: ast.Call, where: str) -> Found:
    assert isinstance(call.func, ast.Name)
    if call.func.id == "Tn":
        return Found(_literal(call.args[1], where), _literal(call.args[1], where), where)
    english = _literal(call.args[0], where)
    contexts = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "context")]
    context = _literal(contexts[0], where) if contexts else ""
    return Found(f"{context}|{english}" if context else english, english, where)


def _literal(node: ast.expr, where: str) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise NotLiteral(
        f"{where}: expected a string literal in T or Tn, got {ast.unparse(node)}; write the English here and put what "
        "changes into named values"
    )


def placeholders(text: str) -> set[str]:
    """Names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def missing(language: str) -> list[Found]:
    """Strings of the code without a translation, each once, in the order of the code."""
    known = catalogue(language)
    first: dict[str, Found] = {}
    for found in texts():
        if found.key not in known:
            first.setdefault(found.key, found)
    return list(first.values())


def left_over(language: str) -> list[str]:
    """Translations that the code does not use."""
    used = {found.key for found in texts()}
    return [key for key in catalogue(language) if key not in used]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what is missing and what is left over; 1 when there is any."""
    parser = argparse.ArgumentParser(description="Strings of the code that a language lacks.")
    parser.add_argument("language", choices=[code for code in LANGUAGES if code != "en"])
    language = parser.parse_args(arguments).language
    gaps, rest = missing(language), left_over(language)
    quote = {ord('"'): '\\"', ord("\\"): "\\\\"}
    for found in gaps:
        sys.stdout.write(f'"{found.key.translate(quote)}" = ""  # {found.where}\n')
    for key in rest:
        sys.stdout.write(f"# left over: {key}\n")
    return 1 if gaps or rest else 0


if __name__ == "__main__":
    sys.exit(main())
