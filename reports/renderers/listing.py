"""Every ticket of the month, and the work of closed months: the lists to which figures lead."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from contracts import formats
from reports.domain.month_tickets import rows_in
from reports.renderers.edition import Edition, first_day, instant
from reports.renderers.table import Column, Kind, Table, legible
from reports.words import STATES, verdict_word, word

MOST_ON_PAPER = 1_000  # tickets; the spreadsheet has every one under the same fingerprint
Row = Mapping[str, Any]


def tickets(edition: Edition, rows: Iterable[Row] | None = None) -> Table:
    """Every ticket with all that is counted of it; `rows` are some of them."""
    money = (Column("worth", _("By the rate card"), Kind.MONEY),) if edition.sees_money else ()
    found = rows_in(edition.facts) if rows is None else rows
    return Table(
        "tickets",
        _("Tickets of the month"),
        (*_columns(), *money),
        (_cells(edition, row) for row in found),
        currency=edition.currency,
        empty=_("The month had no ticket."),
    )


def _columns() -> Iterator[Column]:
    yield Column("ticket", _("Ticket"))
    yield Column("title", _("Title"))
    yield Column("type", _("Type"))
    yield Column("system", _("System"))
    yield Column("priority", _("Priority"))
    yield Column("activity", _("Kind of work"))
    yield Column("verdict", _("Verdict"))
    yield Column("clause", _("Clause"))
    yield Column("received_at", _("Received"), Kind.MOMENT)
    yield Column("state", _("At the month's end"))
    yield Column("held_by", _("Held by"))
    for key, label in counted().items():
        yield Column(key, label, KINDS.get(key, Kind.NUMBER))


KINDS = {
    "vendor_seconds": Kind.SECONDS,
    "client_seconds": Kind.SECONDS,
    "minutes": Kind.MINUTES,
}


def counted() -> dict[str, str]:
    """Return the columns that figures are sums of, with their names."""
    return {
        "received": _("Received in the month"),
        "registered_late": _("Written down late"),
        "open_before": _("Open as the month began"),
        "resolved": _("Resolved"),
        "closed": _("Closed"),
        "cancelled": _("Cancelled"),
        "reopened": _("Reopened"),
        "vendor_seconds": _("With the vendor"),
        "client_seconds": _("Waiting for the client"),
        "reassignments": _("Reassignments"),
        "returns": _("Returns"),
        "met": _("Met"),
        "missed": _("Missed"),
        "void": _("Void"),
        "running": _("Still running"),
        "minutes": _("Time worked"),
    }


def _cells(edition: Edition, row: Row) -> tuple:
    money = (row["worth"],) if edition.sees_money else ()
    return (
        row["ticket"],
        legible(edition.title_of(row["ticket"])),
        word(row["type"], "type"),
        edition.system(row["system"]),
        row["priority"],
        word(row["activity"], "activity"),
        verdict_word(row["outcome"]),
        row["clause"],
        instant(row["received_at"] or None),
        state(row["state"]),
        held_by(row),
        *(row[key] for key in COUNTED),
        *money,
    )


COUNTED = (
    *("received", "registered_late", "open_before", "resolved", "closed", "cancelled", "reopened"),
    *("vendor_seconds", "client_seconds", "reassignments", "returns"),
    *("met", "missed", "void", "running", "minutes"),
)


def state(code: str) -> str:
    return str(STATES[code]) if code else ""


def held_by(row: Row) -> str:
    if row["tier"]:
        return legible(f"{row['tier']} {row['team']}")
    return _("The client") if row["state"] else ""


def tickets_on_paper(edition: Edition) -> Table:
    """The tickets that the month received, was left with, or worked on, as paper has room for them."""
    total = len(edition.facts["tickets"]["rows"])
    rows = islice(rows_in(edition.facts), MOST_ON_PAPER)
    told = {"n": formats.number(MOST_ON_PAPER), "all": formats.number(total)}
    note = _("The first %(n)s of %(all)s; the spreadsheet lists every one.") % told
    return Table(
        "tickets",
        "",
        (
            Column("ticket", _("Ticket"), share=2.1),
            Column("title", _("Title"), under="ticket"),
            Column("activity", _("Kind of work"), share=1.6),
            Column("type", _("Type"), under="activity"),
            Column("system", _("System"), share=1.6),
            Column("priority", _("Priority"), under="system"),
            Column("verdict", _("Verdict"), share=1.7),
            Column("clause", _("Clause"), under="verdict"),
            Column("received_at", _("Received"), Kind.MOMENT, 1.4),
            Column("state", _("State"), share=1.1),
            Column("held_by", _("Held by"), under="state"),
            Column("missed", _("Missed"), Kind.NUMBER, 0.7),
            Column("minutes", _("Work"), Kind.MINUTES, 0.8),
        ),
        (
            (
                row["ticket"],
                legible(edition.title_of(row["ticket"])),
                word(row["activity"], "activity"),
                word(row["type"], "type"),
                edition.system(row["system"]),
                row["priority"],
                verdict_word(row["outcome"]),
                row["clause"],
                instant(row["received_at"] or None),
                state(row["state"]),
                held_by(row),
                row["missed"] or None,
                row["minutes"] or None,
            )
            for row in rows
        ),
        note=note if total > MOST_ON_PAPER else "",
        empty=_("The month had no ticket."),
    )


def late_work(edition: Edition) -> Table:
    """Work of closed months that was written, or answered, in this one."""
    money = (Column("worth", _("By the rate card"), Kind.MONEY),) if edition.sees_money else ()
    return Table(
        "late_entries",
        _("Late entries of closed months"),
        (
            Column("entry", _("Entry")),
            Column("origin", _("Of the month"), Kind.DAY),
            Column("day", _("Day"), Kind.DAY),
            Column("ticket", _("Ticket")),
            Column("tier", _("Tier")),
            Column("stream", _("Work")),
            Column("minutes", _("Time worked"), Kind.MINUTES),
            Column("counts", _("Counted in this month"), Kind.MINUTES),
            *money,
        ),
        (
            (
                one["ref"],
                first_day(one["origin"]),
                date.fromisoformat(one["on"]),
                one["ticket"],
                one["tier"],
                word(one["stream"], "stream"),
                one["minutes"],
                one["minutes"] if one["counts"] else None,
                *((one["worth"],) if edition.sees_money else ()),
            )
            for one in edition.facts["cost"].get("late", ())
        ),
        currency=edition.currency,
        empty=_("No work came late for a closed month."),
    )


def chain_heads(edition: Edition) -> Table:
    """The audit chain's last link of each day: whoever keeps the report can check the chain by it."""
    days = edition.facts.get("audit", {}).get("days", ())
    return Table(
        "audit_chain",
        _("Audit chain, the last link of each day"),
        (
            Column("day", _("Day"), Kind.DAY, 1),
            Column("position", _("Link"), Kind.NUMBER, 0.8),
            Column("sha256", "SHA-256", share=5),
        ),
        [(date.fromisoformat(one["day"]), one["position"], one["sha256"]) for one in days],
        empty=_("Nothing was written yet."),
    )
