"""How a command adds itself to the command line."""

import argparse
from typing import Any


def example_text(*examples: tuple[str, str]) -> str:
    """The block of examples at the end of a help page, from (command line, what it does)."""
    width = max(len(line) for line, _ in examples)
    return "\n".join(("examples:", *(f"  {line:<{width}}  {does}" for line, does in examples)))


class Commands:
    """Adds parsers that all know the global options and show examples."""

    def __init__(self, subparsers: "argparse._SubParsersAction[Any]", parents: list[Any]) -> None:
        self._subparsers = subparsers
        self._parents = parents

    def add(self, name: str, summary: str, *examples: tuple[str, str]) -> argparse.ArgumentParser:
        """A parser for `name`; the caller adds arguments and `set_defaults(run=...)`."""
        parser: argparse.ArgumentParser = self._subparsers.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=example_text(*examples) if examples else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=self._parents,
        )
        return parser

    def group(self, name: str, summary: str) -> "Commands":
        """A command with sub-commands, such as `models list`."""
        parser: argparse.ArgumentParser = self._subparsers.add_parser(
            name, help=summary, description=summary[0].upper() + summary[1:] + ".", parents=self._parents
        )
        subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
        return Commands(subparsers, self._parents)
