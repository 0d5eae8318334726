"""The first sheet of a workbook: the month in figures and native charts."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from xlsxwriter.worksheet import Worksheet

from contracts import formats
from reports.renderers.table import Kind
from reports.words import verdict_word, word

if TYPE_CHECKING:
    from reports.renderers.xlsx import Book

GOOD, BAD, SECOND = "#0B6276", "#A8231B", "#8A6FC0"
CHART = {"width": 520, "height": 260}
RIGHT = 5  # the column where charts begin


def write_summary(book: "Book", sheet: Worksheet) -> None:
    """Write the key figures, then each small table with its chart beside it."""
    edition, cover = book.edition, book.edition.facts["cover"]
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 4, 15)
    title = _("Monthly report, %(month)s") % {"month": formats.month(edition.month)}
    sheet.write_string(0, 0, title, book.format(bold=True, font_size=16, font_color=GOOD))
    sheet.write_string(1, 0, f"{cover['tenant_name']} · {cover['number']} {cover['title']}")
    y = 3
    if edition.is_draft:
        sheet.write_string(2, 0, _("This is a draft."), book.format(bold=True, font_color=BAD))
    for label, value, kind in _key_figures(edition):
        sheet.write_string(y, 0, label)
        if value is not None:
            book.write_value(sheet, y, 1, value, kind, edition.currency, bold=True)
        y += 1
    y = _promises(book, sheet, y + 1)
    y = _streams(book, sheet, y)
    facts = edition.facts["volumes"]
    activities = [(word(one["key"], "activity"), one["count"]) for one in facts["by_activity"]]
    y = _counted(book, sheet, y, _("Requests by kind of work"), activities)
    verdicts = [(verdict_word(one["key"]), one["count"]) for one in facts["by_outcome"]]
    y = _counted(book, sheet, y, _("Requests by verdict"), verdicts)
    if edition.sha256:
        sheet.write_string(y, 0, _("SHA-256 of this report"))
        sheet.write_string(y, 1, edition.sha256)


def _key_figures(edition) -> list[tuple[str, Any, Kind]]:
    told = edition.facts["summary"]
    rows = [
        (_("SLA met"), told["basis_points"], Kind.SHARE),
        (_("Met"), told["met"], Kind.NUMBER),
        (_("Missed"), told["missed"], Kind.NUMBER),
        (_("Requests received"), told["received"], Kind.NUMBER),
        (_("Out of scope"), told["out_of_scope"], Kind.NUMBER),
        (_("Work"), told["minutes"], Kind.MINUTES),
        (_("Held"), told["held_minutes"], Kind.MINUTES),
    ]
    if edition.sees_money:
        rows.append((_("Amount due"), edition.facts["cost"]["disputed"]["due"], Kind.MONEY))
    return rows


def _promises(book: "Book", sheet: Worksheet, y: int) -> int:
    met, missed = Counter[str](), Counter[str]()
    for row in book.edition.facts["sla"]["rows"]:
        met[row["obligation"]] += row["met"]
        missed[row["obligation"]] += row["missed"]
    rows = [(word(kind, "obligation"), met[kind], missed[kind]) for kind in met]
    title = _("Promises, met and missed")
    heads = [(_("Clock"), Kind.TEXT), (_("Met"), Kind.NUMBER), (_("Missed"), Kind.NUMBER)]
    after = _small_table(book, sheet, y, title, heads, rows)
    colours = [GOOD, BAD]
    return _chart(
        book, sheet, y, after, title, {"type": "bar", "subtype": "stacked"}, colours, len(rows)
    )


def _streams(book: "Book", sheet: Worksheet, y: int) -> int:
    edition = book.edition
    heads = [(_("Work"), Kind.TEXT), (_("Time"), Kind.MINUTES), (_("Share"), Kind.SHARE)]
    if edition.sees_money:
        heads.append((_("Amount"), Kind.MONEY))
    rows = [
        (word(one["stream"], "stream"), one["minutes"], one["basis_points"], one["amount"])[
            : len(heads)
        ]
        for one in edition.facts["effort"]["by_stream"]
    ]
    title = _("Operation and maintenance")
    after = _small_table(book, sheet, y, title, heads, rows)
    return _chart(book, sheet, y, after, title, {"type": "doughnut"}, [GOOD, SECOND], len(rows))


def _counted(book: "Book", sheet: Worksheet, y: int, title: str, rows: list[tuple]) -> int:
    heads = [(title, Kind.TEXT), (_("Requests"), Kind.NUMBER)]
    after = _small_table(book, sheet, y, title, heads, rows)
    return _chart(book, sheet, y, after, title, {"type": "bar"}, [GOOD], len(rows))


def _small_table(
    book: "Book",
    sheet: Worksheet,
    y: int,
    title: str,
    heads: list[tuple[str, Kind]],
    rows: list[tuple],
) -> int:
    """Write a table below its title; return the first row after."""
    sheet.write_string(y, 0, title, book.format(bold=True, font_size=12))
    for x, (label, kind) in enumerate(heads):
        align = "left" if kind is Kind.TEXT else "right"
        sheet.write_string(y + 1, x, label, book.format(bold=True, bottom=1, align=align))
    for at, row in enumerate(rows, start=y + 2):
        for x, ((_label, kind), value) in enumerate(zip(heads, row, strict=True)):
            if value is not None:
                book.write_value(sheet, at, x, value, kind, book.edition.currency)
    return y + 2 + len(rows)


def _chart(
    book: "Book",
    sheet: Worksheet,
    y: int,
    after: int,
    title: str,
    kind: dict[str, str],
    colours: list[str],
    count: int,
) -> int:
    """Draw the rows of the small table at `y` beside it; return the first row below both."""
    if not count:
        return after + 1
    chart = book.workbook.add_chart(kind)
    first, last = y + 2, y + 1 + count
    series = colours if kind["type"] == "bar" else [""]
    for x, colour in enumerate(series, start=1):
        told = {
            "name": [sheet.name, y + 1, x],
            "categories": [sheet.name, first, 0, last, 0],
            "values": [sheet.name, first, x, last, x],
        }
        if colour:
            told["fill"] = {"color": colour}
        else:
            told["points"] = [{"fill": {"color": each}} for each in colours[:count]]
        chart.add_series(told)
    chart.set_title({"name": title, "name_font": {"size": 11}})
    if kind["type"] == "bar":
        chart.set_y_axis({"reverse": True})
        chart.set_x_axis({"major_gridlines": {"visible": True, "line": {"color": "#DBE2E6"}}})
        chart.set_legend({"none": True} if len(colours) == 1 else {"position": "bottom"})
    chart.set_size(CHART)
    sheet.insert_chart(y, RIGHT, chart)
    return max(after + 1, y + 14)
