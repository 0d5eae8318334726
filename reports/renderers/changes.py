"""A correction in words: each change with what it is called, before and after."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts import formats
from reports.domain.comparison import Change, compare
from reports.renderers.edition import Edition, first_day
from reports.renderers.table import Column, Kind, Table, legible, shown
from reports.words import LINES, line_detail, verdict_word, word

CALLED = {
    "summary.received": gettext_lazy("Requests received"),
    "summary.out_of_scope": gettext_lazy("Out of scope"),
    "summary.met": gettext_lazy("Met"),
    "summary.missed": gettext_lazy("Missed"),
    "summary.basis_points": gettext_lazy("SLA met"),
    "summary.minutes": gettext_lazy("Work"),
    "summary.held_minutes": gettext_lazy("Held"),
    "summary.total": gettext_lazy("Total"),
    "name.tenant_name": gettext_lazy("Client"),
    "name.number": gettext_lazy("Contract"),
    "name.title": gettext_lazy("Title of the contract"),
    "name.ticket": gettext_lazy("Title"),
    "met": gettext_lazy("Met"),
    "missed": gettext_lazy("Missed"),
    "cost.subtotal": gettext_lazy("Subtotal"),
    "cost.tax": gettext_lazy("Tax"),
    "stream": gettext_lazy("Time"),
    "ticket.missed": gettext_lazy("Missed"),
    "ticket.verdict": gettext_lazy("Verdict"),
    "ticket.minutes": gettext_lazy("Time worked"),
    "ticket.amount": gettext_lazy("Amount"),
}
MONEY_IN = ("line", "cost", "summary.total", "ticket.amount")
TITLES_IN = ("name.ticket",)


def changes_in(edition: Edition) -> list[Table]:
    """Return the tables of a correction that this reader may see, without empty ones."""
    if edition.before is None:
        return []
    found = compare(edition.before, edition.facts)
    groups = (
        ("changed_figures", _("Figures that changed"), found.figures),
        ("changed_names", _("Names that changed"), found.names),
        ("changed_tickets", _("Tickets concerned"), found.tickets),
    )
    made = (_table(key, title, _seen(changes, edition), edition) for key, title, changes in groups)
    return [table for table in made if table.rows]


def _seen(changes: Iterable[Change], edition: Edition) -> Iterator[Change]:
    for change in changes:
        hidden = (change.what in MONEY_IN and not edition.sees_money) or (
            change.what in TITLES_IN and not edition.sees_titles
        )
        if not hidden:
            yield change


def _table(key: str, title: str, changes: Iterable[Change], edition: Edition) -> Table:
    return Table(
        key,
        title,
        (
            Column("figure", _("Figure"), share=3),
            Column("before", _("Before"), share=1.6),
            Column("after", _("After"), share=1.6),
        ),
        [
            (
                _named(change),
                _said(change, change.before, edition),
                _said(change, change.after, edition),
            )
            for change in changes
        ],
    )


def _named(change: Change) -> str:
    if change.what == "line":
        return _line(*change.of)
    if change.what == "cost":
        return str(CALLED[f"cost.{change.of[0]}"])
    of = list(change.of)
    if change.what in ("met", "missed"):
        of[0] = word(of[0], "obligation")
    if change.what == "stream":
        of[0] = word(of[0], "stream")
    if change.what == "ticket.missed":
        of[1] = word(of[1], "obligation")
    return " · ".join(
        [" ".join(of), str(CALLED[change.what])] if of else [str(CALLED[change.what])]
    )


def _line(kind: str, key: str, clause: str) -> str:
    detail = key if kind == "estimate" else line_detail({"kind": kind, "key": key})
    if kind == "adjustment":
        detail = formats.month(first_day(key))
    return " ".join(part for part in (str(LINES[kind]), legible(detail), clause) if part)


def _said(change: Change, value: Any, edition: Edition) -> str:
    if value is None:
        return formats.NOTHING
    if change.unit == "verdict":
        outcome, _space, clause = value.partition(" ")
        return f"{verdict_word(outcome)} {clause}".strip()
    if change.unit == "text":
        return legible(value)
    return shown(value, Kind(change.unit), edition.currency)
