"""
Tickets and time entries of other tools: bytes to rows, headings to fields, words to values.

Nothing is guessed twice: a value that cannot be read is a `Wrong` with its row, its column and the
code of what to do about it.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from tickets.domain.bulk_presets import PRESETS, PRIORITIES, REQUIRED, STATUSES, TYPES, Kind

DELIMITERS = (",", ";", "\t")
MOST_COLUMNS = 200
MOMENTS = (  # 04/05/2026 is read by nobody: it is two days
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%d/%b/%y %I:%M %p",
    "%d/%b/%Y %I:%M %p",
    "%d/%b/%y",
    "%Y-%m-%d",
    "%Y/%m/%d",
)
MOST_WORK = timedelta(hours=24)
AT_NINE = timedelta(hours=9)  # where a sheet tells the day and the hours only


class Fault(StrEnum):
    """What is wrong with a file or a value; `tickets.bulk_words` says it and the way out."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_ROWS = "too_many_rows"
    CELL_TOO_LONG = "cell_too_long"
    TOO_MANY_COLUMNS = "too_many_columns"
    ENCODING = "encoding"
    NOT_CSV = "not_csv"
    HEAD_TWICE = "head_twice"
    RAGGED = "ragged"
    MISSING = "missing"
    NOT_A_MOMENT = "not_a_moment"
    NOT_HOURS = "not_hours"
    UNKNOWN_WORD = "unknown_word"
    ORDER = "order"
    TOO_LONG = "too_long"
    TWICE = "twice"
    NO_PERSON = "no_person"
    NO_TICKET = "no_ticket"
    NO_VERSION = "no_version"
    NO_PLACE = "no_place"
    FUTURE = "future"
    REFUSED = "refused"


class Unreadable(Exception):
    """The whole file cannot be read."""

    def __init__(self, fault: Fault, value: str = "", row: int = 0) -> None:
        super().__init__(fault.value)
        self.fault, self.value, self.row = fault, value, row


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


@dataclass(frozen=True, slots=True)
class Wrong:
    """One value that cannot be used: heading, value as it stands there, and what is wrong."""

    column: str
    value: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket as another tool tells it; instants are aware, empty text is not told."""

    source_key: str
    title: str
    description: str
    type: str
    status: str
    priority: str
    received_at: datetime
    closed_at: datetime | None
    requester: str
    system: str
    environment: str
    resolution: str


@dataclass(frozen=True, slots=True)
class TimeRow:
    """Work as another tool tells it, `[starts_at, ends_at)`; `assumed`: only its day was told."""

    source_key: str
    ticket: str
    person: str
    starts_at: datetime
    ends_at: datetime
    note: str
    assumed: bool


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


def mapping_for(heads: Sequence[str], preset: str, kind: str) -> dict[str, str]:
    """Return the heading of each field as the preset knows it; without one, as any does."""
    known = {head.casefold(): head for head in heads if head}
    presets = [PRESETS[preset]] if preset in PRESETS else PRESETS.values()
    found: dict[str, str] = {}
    for each in presets:
        for field, names in each[Kind(kind)].items():
            head = next((known[name.casefold()] for name in names if name.casefold() in known), "")
            if head and head not in found.values():
                found.setdefault(field, head)
    return found


def missing_fields(mapping: Mapping[str, str], kind: str) -> list[str]:
    """Return the required fields that no heading stands for; of alternatives the first."""
    return [group[0] for group in REQUIRED[Kind(kind)] if not any(mapping.get(f) for f in group)]


class Reader:
    """Reads one row by a mapping of fields to headings, and keeps what is wrong in it."""

    def __init__(
        self, table: Table, mapping: Mapping[str, str], row: tuple[str, ...], zone: ZoneInfo
    ) -> None:
        self.places = {head: x for x, head in enumerate(table.heads)}
        self.mapping, self.row, self.zone = mapping, row, zone
        self.wrong: list[Wrong] = []
        if len(row) > len(table.heads):
            self.wrong.append(Wrong("", table.delimiter.join(row)[:80], Fault.RAGGED))

    def fault(self, field: str, fault: Fault) -> None:
        column = self.mapping.get(field) or field
        self.wrong.append(Wrong(column, self.text(field)[:80], fault))

    def text(self, field: str) -> str:
        place = self.places.get(self.mapping.get(field, ""))
        return self.row[place].strip() if place is not None and place < len(self.row) else ""

    def told(self, field: str, most: int) -> str:
        """Return a text that must be there, at most so long."""
        text = self.text(field)
        if not text:
            self.fault(field, Fault.MISSING)
        return self.short(field, most)

    def short(self, field: str, most: int) -> str:
        text = self.text(field)
        if len(text) > most:
            self.fault(field, Fault.TOO_LONG)
        return text

    def word(self, field: str, words: Mapping[str, str], otherwise: str) -> str:
        """Return the code that a word of another tool stands for."""
        text = self.text(field)
        if not text:
            return otherwise
        if (code := words.get(text.casefold())) is None:
            self.fault(field, Fault.UNKNOWN_WORD)
            return otherwise
        return code

    def moment(self, field: str, *, required: bool = False) -> datetime | None:
        text = self.text(field)
        if not text:
            if required:
                self.fault(field, Fault.MISSING)
            return None
        if (at := moment_of(text, self.zone)) is None:
            self.fault(field, Fault.NOT_A_MOMENT)
        return at


def moment_of(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the aware instant; one without an offset is on the wall in `zone`."""
    for form in MOMENTS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def ticket_row(reader: Reader) -> TicketRow | None:
    """Return the ticket; None where `reader.wrong` says why not."""
    received_at = reader.moment("received_at", required=True)
    closed_at = reader.moment("closed_at")
    status = reader.word("status", STATUSES, "new")
    if received_at and closed_at and closed_at < received_at:
        reader.fault("closed_at", Fault.ORDER)
    row = {
        "source_key": reader.told("source_key", 120),
        "title": reader.told("title", 200),
        "description": reader.short("description", 5000),
        "type": reader.word("type", TYPES, "service_request"),
        "priority": reader.word("priority", PRIORITIES, "P3"),
        "requester": reader.text("requester").casefold(),
        "system": reader.text("system"),
        "environment": reader.text("environment"),
        "resolution": reader.short("resolution", 2000),
    }
    if reader.wrong or received_at is None:
        return None
    if status in ("closed", "cancelled") and closed_at is None:
        closed_at = received_at
    return TicketRow(status=status, received_at=received_at, closed_at=closed_at, **row)


def time_row(reader: Reader) -> TimeRow | None:
    """Return the work: start and end, or start and hours; None where `reader.wrong` says why not."""
    starts_at = reader.moment("starts_at", required=True)
    ends_at = reader.moment("ends_at")
    length = hours_of(reader)
    row = {
        "source_key": reader.short("source_key", 120),
        "ticket": reader.told("ticket", 120).lstrip("#"),
        "person": reader.told("person", 254).casefold(),
        "note": reader.short("note", 200),
    }
    day_only = len(reader.text("starts_at")) <= len("2026-04-15")
    if starts_at and ends_at is None and length:
        starts_at += AT_NINE if day_only else timedelta(0)
        ends_at = starts_at + length
    if ends_at is None and not reader.wrong:
        reader.fault("hours", Fault.MISSING)
    if starts_at and ends_at and not timedelta(0) < ends_at - starts_at <= MOST_WORK:
        reader.fault("ends_at" if reader.text("ends_at") else "hours", Fault.ORDER)
    if reader.wrong or starts_at is None or ends_at is None:
        return None
    return TimeRow(starts_at=starts_at, ends_at=ends_at, assumed=day_only, **row)


def hours_of(reader: Reader) -> timedelta | None:
    """Return a length told as 1.5, 1,5 or 1:30."""
    text = reader.text("hours")
    if not text:
        return None
    try:
        whole, colon, minutes = text.partition(":")
        if colon:
            return timedelta(hours=int(whole), minutes=int(minutes))
        return timedelta(minutes=round(float(text.replace(",", ".")) * 60))
    except (ValueError, OverflowError):
        reader.fault("hours", Fault.NOT_HOURS)
        return None
