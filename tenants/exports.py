"""
Any list as CSV or XLSX: text stays text, numbers are numbers, memory stays flat.

The rows are read while the request's transaction and scope are open, into a temporary file that has
no name: it is gone when the answer is, also where nobody waited for its end.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from io import TextIOWrapper
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any

import xlsxwriter
from django.conf import settings
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from xlsxwriter.exceptions import FileCreateError

from tenants.errors import Invalid

BOM = "\ufeff"
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
FORMATS = ("csv", "xlsx")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
AT_ONCE = 500  # rows read from the database a piece
LONGEST = 32_767  # characters of a workbook's cell
PLAIN = {  # no text is ever taken for a formula, a link or a number; rows leave memory at once
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "constant_memory": True,
    "default_date_format": "yyyy-mm-dd hh:mm",
}
Value = str | int | float | Decimal | date | datetime | time | None


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and what a row holds under it: text, number, day or aware instant; None is empty."""

    label: str
    of: Callable[[Any], Value]
    wide: int = 18  # characters
    moment: bool = False  # an instant: the workbook's heading names the zone


def harmless(text: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(STARTS_FORMULA) else text


def format_asked(request: HttpRequest) -> str:
    """Return `csv` or `xlsx` where `?format=` asks for a file, else nothing."""
    asked = request.GET.get("format", "")
    return asked if asked in FORMATS else ""


def export(
    kind: str,
    name: str,
    columns: Iterable[Column],
    rows: QuerySet | Iterable[Any],
    *,
    title: str = "",
    zone: tzinfo | None = None,
) -> FileResponse:
    """
    Return the rows as a file of `kind`; instants are told in `zone`, by default the reader's.

    :raises Invalid: if there are more rows than EXPORT_MOST_ROWS; narrow filters are the way out.
    """
    columns, zone = list(columns), zone or timezone.get_current_timezone()
    target = TemporaryFile()  # noqa: SIM115 - the answer closes it
    write = write_xlsx if kind == "xlsx" else write_csv
    try:
        write(target, columns, bounded(pieces(rows)), title=title or name, zone=zone)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    day = f"{timezone.localdate():%Y%m%d}"
    answer = FileResponse(
        target,
        as_attachment=True,
        filename=f"{slugify(name)}_{day}.{kind}",
        content_type=TYPES[kind],
    )
    answer["Cache-Control"] = "private, no-store"
    return answer


def pieces(rows: QuerySet | Iterable[Any]) -> Iterable[Any]:
    """Return the rows one after the other; those of a query through a cursor of the database."""
    return rows.iterator(chunk_size=AT_ONCE) if isinstance(rows, QuerySet) else rows


def bounded(rows: Iterable[Any]) -> Iterator[Any]:
    most = settings.EXPORT_MOST_ROWS
    for number, row in enumerate(rows):
        if number == most:
            message = _("More than %(most)s rows match (EXPORT_MOST_ROWS): narrow the filters.")
            raise Invalid(message % {"most": most}, field="format")
        yield row


def write_csv(
    target: IO[bytes], columns: list[Column], rows: Iterable[Any], *, title: str, zone: tzinfo
) -> None:
    """Write UTF-8 with its mark; instants in ISO 8601 with their offset."""
    text = TextIOWrapper(target, encoding="utf-8", newline="", write_through=True)
    text.write(BOM)
    writer = csv.writer(text)
    writer.writerow([harmless(str(column.label)) for column in columns])
    for row in rows:
        writer.writerow([plain(column.of(row), zone) for column in columns])
    text.flush()
    text.detach()


def plain(value: Value, zone: tzinfo) -> Any:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return value
    return harmless(str(value))


def write_xlsx(
    target: IO[bytes], columns: list[Column], rows: Iterable[Any], *, title: str, zone: tzinfo
) -> None:
    """Write one sheet with a frozen head and filters; what a row needs is dropped once written."""
    with TemporaryDirectory() as folder:
        book = xlsxwriter.Workbook(target, {**PLAIN, "tmpdir": folder})
        Sheet(book, columns, zone, title).write(rows)
        reason = None
        try:
            book.close()
        except FileCreateError as error:
            reason = error.args[0]
        if reason:  # what the disk said, without what holds the half-made book
            raise OSError(reason.errno, reason.strerror)


class Sheet:
    """One worksheet in the making."""

    def __init__(
        self, book: xlsxwriter.Workbook, columns: list[Column], zone: tzinfo, title: str
    ) -> None:
        self.columns, self.zone = columns, zone
        self.sheet = book.add_worksheet("".join(c for c in title if c not in "[]:*?/\\'")[:31])
        self.head = book.add_format({"bold": True, "bg_color": "#E3F0F3", "bottom": 2})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self.time = book.add_format({"num_format": "hh:mm"})
        self.quoted = book.add_format({"quote_prefix": True})

    def write(self, rows: Iterable[Any]) -> None:
        for x, column in enumerate(self.columns):
            self.sheet.set_column(x, x, column.wide)
        self.sheet.freeze_panes(1, 0)
        for x, column in enumerate(self.columns):
            self.sheet.write_string(0, x, self.heading(column), self.head)
        y = 0
        for y, row in enumerate(rows, start=1):
            for x, column in enumerate(self.columns):
                self.write_value(y, x, column.of(row))
        self.sheet.autofilter(0, 0, y, len(self.columns) - 1)

    def heading(self, column: Column) -> str:
        """Return the heading; Excel has no zones, so an instant's names the one it is told in."""
        return f"{column.label} [{self.zone}]" if column.moment else str(column.label)

    def write_value(self, y: int, x: int, value: Value) -> None:
        """Write one value as what it is."""
        if value is None or value == "":
            return
        if isinstance(value, datetime):
            local = value.astimezone(self.zone).replace(tzinfo=None)
            self.sheet.write_datetime(y, x, local, self.moment)
        elif isinstance(value, date):
            self.sheet.write_datetime(y, x, value, self.day)
        elif isinstance(value, time):
            self.sheet.write_datetime(y, x, value, self.time)
        elif isinstance(value, int | float | Decimal):
            self.sheet.write_number(y, x, value)
        else:
            self.write_text(y, x, str(value))

    def write_text(self, y: int, x: int, text: str) -> None:
        text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
        quoted = text.startswith(STARTS_FORMULA)
        self.sheet.write_string(y, x, text, self.quoted if quoted else None)


def in_chunks(rows: QuerySet, shown: Callable[[list[Any]], Iterable[Any]]) -> Iterator[Any]:
    """Yield what `shown` makes of the rows, a piece at a time: for rows that need words looked up."""
    found: list[Any] = []
    for row in rows.iterator(chunk_size=AT_ONCE):
        found.append(row)
        if len(found) == AT_ONCE:
            yield from shown(found)
            found = []
    yield from shown(found)
