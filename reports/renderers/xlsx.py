"""A report as a workbook: real numbers and dates, native charts, ready for filters and for print."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from contracts import formats
from contracts.domain.money import exponent_of
from reports.renderers import availability, insight, listing, monitoring, tables
from reports.renderers.edition import Edition, instant
from reports.renderers.table import Column, Kind, Table, shown
from reports.renderers.workbook_summary import write_summary

LONGEST = 32_767  # characters of a cell
PLAIN = {  # no text is ever taken for a formula, a link or a number
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": True,
}
MONEY_FORMATS = {
    "JPY": '"¥"#,##0;[Red]-"¥"#,##0',
    "VND": '#,##0" ₫";[Red]-#,##0" ₫"',
    "USD": '"$"#,##0.00;[Red]-"$"#,##0.00',
    "EUR": '"€"#,##0.00;[Red]-"€"#,##0.00',
}
NUMBER_FORMATS = {
    Kind.NUMBER: "#,##0",
    Kind.SHARE: "0.00%",
    Kind.MINUTES: "[h]:mm",
    Kind.SECONDS: "[h]:mm:ss",
    Kind.EXACT: "[h]:mm:ss",
    Kind.DAY: "yyyy-mm-dd",
    Kind.MOMENT: "yyyy-mm-dd hh:mm",
}
WIDTHS = {Kind.TEXT: 20, Kind.MONEY: 16, Kind.MOMENT: 17, Kind.DAY: 12}
WIDE = {
    "title": 44,
    "why": 70,
    "tickets": 60,
    "clause_text": 50,
    "line": 30,
    "clause": 44,
    "desks": 60,
    "sha256": 70,
}
ACCENT, TINT, SOFT = "#0B6276", "#E3F0F3", "#51616B"


def xlsx_of(edition: Edition) -> bytes:
    """Return the workbook; the same edition gives the same bytes."""
    out = BytesIO()
    with edition.speaking():
        book = Book(edition, xlsxwriter.Workbook(out, PLAIN))
        book.write()
    return out.getvalue()


def sheets_of(edition: Edition) -> Iterator[tuple[str, Table]]:
    """Yield the tables that this reader may see, each with the name of its sheet."""
    yield _("Service levels"), tables.levels(edition)
    yield _("Misses"), tables.misses(edition)
    yield _("Open clocks"), tables.open_clocks(edition)
    if edition.sees_money:
        yield _("Cost statement"), tables.lines(edition)
        yield _("Hour pools"), tables.pools(edition)
        yield _("Time entries"), tables.entries(edition)
        if edition.facts["cost"].get("late"):
            yield _("Late entries"), listing.late_work(edition)
    yield _("Out of scope"), tables.outside(edition)
    yield _("Passed on"), tables.passed_on(edition)
    if not insight.insight_in(edition):
        yield _("Failure patterns"), tables.patterns(edition)
        return
    yield _("Failure patterns"), insight.patterns(edition)
    yield _("Lost between the teams"), insight.lost(edition)
    yield from watched(edition)
    yield _("Open items"), insight.open_items(edition)
    yield _("Trend"), insight.months(edition)
    if "tickets" in edition.facts:
        yield _("Tickets"), listing.tickets(edition)
        yield _("Audit chain"), listing.chain_heads(edition)


def watched(edition: Edition) -> Iterator[tuple[str, Table]]:
    """Yield the sheets of the monitoring; an older layout has only its releases and routines."""
    if monitoring.monitoring_in(edition):
        yield _("Availability"), availability.systems(edition)
        yield _("Time down"), availability.downtime(edition)
        yield _("Planned maintenance"), availability.maintenance(edition)
        yield _("Alerts by source"), monitoring.alerts(edition)
        yield _("Tickets of alerts"), monitoring.alert_tickets(edition)
        yield _("Alerts held back"), monitoring.held_back(edition)
        if edition.sees_findings:
            yield _("Security findings"), monitoring.findings(edition)
    yield _("Releases"), insight.releases(edition)
    yield _("Routine tasks"), insight.routines(edition)


@dataclass(slots=True)
class Book:
    """A workbook in the making, with the formats that its cells share."""

    edition: Edition
    workbook: xlsxwriter.Workbook
    known: dict[tuple, Format] = field(default_factory=dict)

    def write(self) -> None:
        edition = self.edition
        at = edition.issued_at or instant(edition.facts["month"]["told_until"])
        cover = edition.facts["cover"]
        month = formats.month(edition.month)
        self.workbook.set_properties(
            {
                "title": _("Monthly report, %(month)s") % {"month": month},
                "subject": f"{cover['tenant_name']} {cover['number']}",
                "author": "",
                "comments": edition.sha256,
                "created": at.astimezone(UTC).replace(tzinfo=None),
            }
        )
        write_summary(self, self.sheet(_("Summary")))
        for name, table in sheets_of(edition):
            self.write_table(self.sheet(name), table)
        self.workbook.close()

    def format(self, **asked: Any) -> Format:
        key = tuple(sorted(asked.items()))
        if key not in self.known:
            self.known[key] = self.workbook.add_format({"valign": "top", **asked})
        return self.known[key]

    def sheet(self, name: str) -> Worksheet:
        """Add a sheet that prints on landscape pages, as wide as one, with head and foot."""
        sheet = self.workbook.add_worksheet("".join(c for c in name if c not in "[]:*?/\\'")[:31])
        cover = self.edition.facts["cover"]
        draft = _("Draft") if self.edition.is_draft else ""
        told = f"{cover['tenant_name']} · {cover['number']} · {formats.month(self.edition.month)}"
        sheet.set_header("&L" + " · ".join(filter(None, (told, draft))).replace("&", "&&"))
        sheet.set_footer(f"&L{self.edition.sha256[:16]}&R&P / &N")
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.hide_gridlines(2)
        return sheet

    def write_table(self, sheet: Worksheet, table: Table, top: int = 0) -> int:
        """Write heading, columns, rows and totals from a row on; return the first row after."""
        sheet.write_string(
            top, 0, table.title, self.format(bold=True, font_size=14, font_color=ACCENT)
        )
        head, last = top + 2, len(table.columns) - 1
        for x, column in enumerate(table.columns):
            sheet.write_string(head, x, column.label, self._heading(column))
            sheet.set_column(x, x, WIDE.get(column.key, WIDTHS.get(column.kind, 12)))
        y = head
        for y, row in enumerate(table.rows, start=head + 1):
            self.write_row(sheet, y, table, row)
        if top == 0:
            sheet.freeze_panes(head + 1, 1)
            sheet.repeat_rows(head)
            sheet.autofilter(head, 0, max(y, head), last)
        for foot in table.foot:
            y += 1
            self.write_row(sheet, y, table, foot, bold=True, top=1)
        if y == head:
            y += 1
            sheet.write_string(y, 0, table.empty, self.format(font_color=SOFT))
        return y + 2

    def _heading(self, column: Column) -> Format:
        align = "right" if column.is_number else "left"
        return self.format(
            bold=True, bg_color=TINT, bottom=2, bottom_color=ACCENT, align=align, text_wrap=True
        )

    def write_row(self, sheet: Worksheet, y: int, table: Table, row: tuple, **look: Any) -> None:
        for x, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            if value is not None and value != "":
                self.write_value(sheet, y, x, value, column.kind, table.currency, **look)

    def write_value(
        self,
        sheet: Worksheet,
        y: int,
        x: int,
        value: Any,
        kind: Kind,
        currency: str = "",
        **look: Any,
    ) -> None:
        """Write one raw value as what it is: text as text, numbers and dates as numbers."""
        if kind in (Kind.TEXT, Kind.KEYS):
            value = shown(value, kind)
            text = value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…"
            sheet.write_string(y, x, text, self.format(text_wrap=len(text) > 30, **look))
            return
        shape = self.format(num_format=number_format(kind, currency), **look)
        if kind in (Kind.DAY, Kind.MOMENT):
            sheet.write_datetime(y, x, self._local(value), shape)
        else:
            sheet.write_number(y, x, plain_number(value, kind, currency), shape)

    def _local(self, value: date | datetime) -> date | datetime:
        """Return an instant as the wall clock of the contract's zone shows it; Excel has no zones."""
        if isinstance(value, datetime):
            return value.astimezone(self.edition.zone).replace(tzinfo=None)
        return value


def number_format(kind: Kind, currency: str) -> str:
    return MONEY_FORMATS.get(currency, "#,##0.00") if kind is Kind.MONEY else NUMBER_FORMATS[kind]


def plain_number(value: int, kind: Kind, currency: str = "") -> float:
    """Return a raw value as the number that a spreadsheet reckons with; times are parts of a day."""
    seconds = dict.fromkeys((Kind.SECONDS, Kind.EXACT), 24 * 3600)
    divisor = {Kind.SHARE: 10_000, Kind.MINUTES: 24 * 60, **seconds}.get(kind, 1)
    if kind is Kind.MONEY:
        divisor = 10 ** exponent_of(currency)
    return value if divisor == 1 else value / divisor
