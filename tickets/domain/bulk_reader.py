"""One row of a file by a mapping: cells to texts, codes, instants and lengths, and what is wrong."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tickets.domain.bulk_faults import Fault, Wrong
from tickets.domain.bulk_file import Table

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
FURTHEST = timedelta(hours=16)  # from UTC, that a database can hold


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

    def hours(self, field: str) -> timedelta | None:
        """Return a length told as 1.5, 1,5 or 1:30."""
        text = self.text(field)
        if not text:
            return None
        try:
            whole, colon, minutes = text.partition(":")
            if colon:
                return timedelta(hours=int(whole), minutes=int(minutes))
            return timedelta(minutes=round(float(text.replace(",", ".")) * 60))
        except (ValueError, OverflowError):
            self.fault(field, Fault.NOT_HOURS)
            return None


def moment_of(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the aware instant; one without an offset is on the wall in `zone`."""
    for form in MOMENTS:
        try:
            return in_reach(datetime.strptime(text, form).replace(tzinfo=zone))
        except ValueError:
            continue
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return in_reach(at if at.tzinfo else at.replace(tzinfo=zone))


def in_reach(at: datetime) -> datetime | None:
    """Return the instant if it has an offset that a place may have, and lies in no year before 1."""
    try:
        at.astimezone(UTC)
    except OverflowError:
        return None
    return at if abs(at.utcoffset() or timedelta()) < FURTHEST else None
