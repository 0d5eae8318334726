"""A CSV file of another tool, bytes to a table: its encoding, its delimiter, its headings, its rows."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tickets.domain.bulk_faults import Fault, Unreadable

DELIMITERS = (",", ";", "\t")
MOST_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may hold: bytes, rows, characters of a cell."""

    size: int
    rows: int
    cell: int


@dataclass(frozen=True, slots=True)
class Table:
    """A file as text: the headings, and each row with its number in the file (the head is 1)."""

    heads: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    encoding: str
    delimiter: str


def read(data: bytes, limits: Limits) -> Table:
    """
    Return the table of a CSV file: UTF-8 with or without its mark, or CP932; `,` `;` or TAB.

    :raises Unreadable: if it is none, or holds more than `limits`.
    """
    if len(data) > limits.size:
        raise Unreadable(Fault.TOO_LARGE)
    text, encoding = decode(data)
    if not text.strip():
        raise Unreadable(Fault.EMPTY)
    delimiter = delimiter_of(text)
    rows = list(cells(text, delimiter, limits))
    heads = tuple(head.strip() for head in rows[0][1])
    named = [head for head in heads if head]
    if len(heads) > MOST_COLUMNS:
        raise Unreadable(Fault.TOO_MANY_COLUMNS)
    if len(rows) == 1 or not named:
        raise Unreadable(Fault.EMPTY)
    return Table(unique(heads), tuple(rows[1:]), encoding, delimiter)


def unique(heads: Sequence[str]) -> tuple[str, ...]:
    """Return the headings with a number behind each that stands there again, as Jira's do."""
    seen: dict[str, int] = {}
    named = []
    for head in heads:
        seen[head] = seen.get(head, 0) + 1
        named.append(head if seen[head] == 1 else f"{head} ({seen[head]})")
    return tuple(named)


def decode(data: bytes) -> tuple[str, str]:
    """Return text and encoding; a NUL or bytes of neither encoding are no text."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text, encoding
    raise Unreadable(Fault.ENCODING)


def delimiter_of(text: str) -> str:
    """Return what divides the first line most often, outside quotes; a comma where nothing does."""
    head = text.splitlines()[0] if text.splitlines() else ""
    bare = "".join(head.split('"')[::2])
    return max(DELIMITERS, key=bare.count)


def cells(text: str, delimiter: str, limits: Limits) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield each row that is not empty with its number."""
    count = 0
    # the text as bytes: a line end inside quotes stays in its cell
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, row in enumerate(reader, start=1):
            if not any(cell.strip() for cell in row):
                continue
            count += 1
            if count > limits.rows + 1:
                raise Unreadable(Fault.TOO_MANY_ROWS, row=number)
            if any(len(cell) > limits.cell for cell in row):
                raise Unreadable(Fault.CELL_TOO_LONG, row=number)
            yield number, tuple(row)
    except csv.Error as error:
        raise Unreadable(Fault.NOT_CSV, value=str(error), row=reader.line_num) from None
