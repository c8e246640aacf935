"""Records as CSV and XLSX that are safe to open: a name like `=HYPERLINK(...)` stays a name.

A spreadsheet takes text that begins with = + - @ or a control character for a formula (OWASP, "CSV Injection"); in
CSV such text gets an apostrophe in front. In XLSX every cell that is text is typed as text, which is not evaluated.
"""

import csv
import os
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.exceptions import XlsxWriterException  # type: ignore[import-untyped]

from facekd.errors import InputError

Cell = str | int | float | None
Row = Sequence[Cell]
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
MOST_ROWS = 1_048_575
"""Rows of a sheet below its header; what goes beyond begins another sheet."""


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Row]) -> int:
    """Writes UTF-8 with a byte order mark, which Excel needs to see more than ASCII; returns the number of rows.

    Raises InputError when the file cannot be written; then nothing is left behind.
    """
    count = 0
    with _whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([harmless(name) for name in header])
        for row in rows:
            writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
            count += 1
    return count


def write_xlsx(path: Path, header: Sequence[str], rows: Iterable[Row], sheet: str = "Records") -> int:
    """Writes a workbook row by row in constant memory; returns the number of rows. Raises as `write_csv`."""
    count = 0
    with _whole(path) as part:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(str(part), options)
        try:
            with book:
                bold = book.add_format({"bold": True})
                page: Any = None
                for row in rows:
                    at = count % MOST_ROWS
                    if at == 0:
                        page = _sheet(book, sheet, count // MOST_ROWS, header, bold)
                    for column, cell in enumerate(row):
                        _put(page, at + 1, column, cell)
                    count += 1
                if page is None:
                    _sheet(book, sheet, 0, header, bold)
        except XlsxWriterException as error:
            raise InputError(f"{path}: cannot be written ({error}); choose another place") from error
        finally:
            for page in book.worksheets():  # a workbook that could not be written forgets its own files
                page.row_data_fh.close()
                Path(page.row_data_filename).unlink(missing_ok=True)
    return count


WRITERS: dict[str, Callable[[Path, Sequence[str], Iterable[Row]], int]] = {
    ".csv": write_csv,
    ".xlsx": write_xlsx,
}


def harmless(text: str) -> str:
    """Text that no spreadsheet evaluates."""
    # Full-width signs count as well: a spreadsheet with an East Asian locale evaluates them.
    plain = unicodedata.normalize("NFKC", text[:16]).lstrip(" ")
    return f"'{text}" if plain.startswith(DANGEROUS) else text


def _sheet(book: Any, name: str, number: int, header: Sequence[str], bold: Any) -> Any:
    page = book.add_worksheet(name if number == 0 else f"{name} {number + 1}")
    for column, title in enumerate(header):
        page.write_string(0, column, title, bold)
    page.freeze_panes(1, 0)
    return page


def _put(page: Any, row: int, column: int, cell: Cell) -> None:
    if isinstance(cell, str):
        page.write_string(row, column, cell[:32_767])  # a cell holds no more
    elif cell is not None:
        page.write_number(row, column, cell)


@contextmanager
def _whole(path: Path) -> Any:
    """A file beside `path` that takes its place when the block ends well."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.touch()  # a place that takes no file is told before anybody works, and a workbook has begun its own files
        yield part
        part.replace(path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}); choose another place"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
