"""The tables of a report, each with all its rows; one definition for paper and for files."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from contracts import formats
from contracts.domain.money import WHOLE
from reports.renderers.edition import Edition, first_day, instant
from reports.renderers.table import Column, Kind, Table, legible
from reports.words import CHARGES, LINES, STATES, line_detail, verdict_word, word

GOOD, FAIR = 9500, 9000  # basis points


def level(basis_points: int | None) -> str:
    """Return the tone of a percentage; the number beside it says the same."""
    if basis_points is None or basis_points >= GOOD:
        return ""
    return "soon" if basis_points >= FAIR else "late"


def late_if_any(count: int | None) -> str:
    return "late" if count else ""


def ticket_columns(share: float) -> tuple[Column, Column]:
    return (
        Column("ticket", _("Ticket"), share=share),
        Column("title", _("Title"), under="ticket"),
    )


# --- service levels ---


def levels(edition: Edition) -> Table:
    """What became of each promise, by clock and priority."""
    rows = [
        (
            word(row["obligation"], "obligation"),
            row["priority"],
            row["met"],
            row["missed"],
            row["basis_points"],
            row["void"],
            row["open"],
            row["used_seconds"],
            row["paused_seconds"],
        )
        for row in edition.facts["sla"]["rows"]
    ]
    total = edition.facts["sla"]["totals"]
    counts = (total["met"], total["missed"], total["basis_points"], total["void"], total["open"])
    return Table(
        "service_levels",
        _("Promises by clock and priority"),
        (
            Column("clock", _("Clock"), share=2.2),
            Column("priority", _("Priority"), share=1),
            Column("met", _("Met"), Kind.NUMBER, 0.8),
            Column("missed", _("Missed"), Kind.NUMBER, 0.8, tone=late_if_any),
            Column("share", _("Share"), Kind.SHARE, 1, tone=level),
            Column("void", _("Void"), Kind.NUMBER, 0.8),
            Column("open", _("Open"), Kind.NUMBER, 0.8),
            Column("used", _("Time used"), Kind.SECONDS, 1.2),
            Column("paused", _("Paused"), Kind.SECONDS, 1.2),
        ),
        rows,
        ((_("All"), "", *counts, None, None),) if rows else (),
        empty=_("No promise was due this month."),
    )


def misses(edition: Edition) -> Table:
    """Every miss with its explanation."""
    return Table(
        "misses",
        _("Misses explained"),
        (
            *ticket_columns(1.45),
            Column("clock", _("Clock"), share=1.05),
            Column("priority", _("Priority"), under="clock"),
            Column("promised", _("Promised"), share=1.15),
            Column("used", _("Time used"), Kind.SECONDS, under="promised"),
            Column("due_at", _("Due"), Kind.MOMENT, 1.55),
            Column("done_at", _("Done"), Kind.MOMENT, under="due_at"),
            Column("late", _("Late by"), Kind.SECONDS, 1.05, tone=late_if_any),
            Column("why", _("Explanation"), share=2.8),
        ),
        (miss_row(edition, miss) for miss in edition.facts["sla"]["misses"]),
        empty=_("Nothing was missed."),
    )


def miss_row(edition: Edition, miss: dict[str, Any]) -> tuple:
    return (
        miss["ticket"],
        legible(edition.title_of(miss["ticket"])),
        word(miss["obligation"], "obligation"),
        miss["priority"],
        formats.span(miss["within"]),
        miss["used_seconds"],
        instant(miss["due_at"]),
        instant(miss["stopped_at"]),
        miss["over_seconds"],
        " ".join(_reasons(miss)),
    )


def _reasons(miss: dict[str, Any]) -> Iterator[str]:
    if not miss["stopped_at"]:
        yield _("Not done by the month's end.")
    if miss["tier"]:
        who = legible(f"{miss['tier']} {miss['team']}")
        yield _("Accountable at the deadline: %s.") % who
    else:
        yield _("Accountable at the deadline: the client.")
    for pause in miss["pauses"]:
        told = {"cause": word(pause["cause"], "pause"), "time": formats.length(pause["seconds"])}
        yield _("%(cause)s: %(time)s, not counted.") % told
    if miss["reclassified"]:
        yield _("The time of the new priority was over when the priority changed.")
    if not miss["creditable"]:
        yield _("Out of scope: measured, without credit.")
    if miss["registered_late"]:
        yield _("Written down after its own month had closed.")


def open_clocks(edition: Edition) -> Table:
    """Promises still running at the month's end."""
    return Table(
        "open_clocks",
        _("Still running at the month's end"),
        (
            *ticket_columns(2.6),
            Column("clock", _("Clock"), share=1.4),
            Column("priority", _("Priority"), under="clock"),
            Column("promised", _("Promised"), share=1.1),
            Column("due_at", _("Due"), Kind.MOMENT, 1.5),
            Column("used", _("Time used"), Kind.SECONDS, 1),
            Column("paused", _("Paused"), Kind.SECONDS, 1),
        ),
        (
            (
                one["ticket"],
                legible(edition.title_of(one["ticket"])),
                word(one["obligation"], "obligation"),
                one["priority"],
                formats.span(one["within"]),
                instant(one["due_at"]),
                one["used_seconds"],
                one["paused_seconds"],
            )
            for one in edition.facts["sla"]["open"]
        ),
        note=_("They count in the month that decides them"),
        empty=_("No clock was running at the month's end."),
    )


# --- scope and work ---


def outside(edition: Edition) -> Table:
    """What the contract does not include, and what became of it."""
    return Table(
        "out_of_scope",
        _("Out of scope"),
        (
            *ticket_columns(2),
            Column("verdict", _("Verdict"), share=1.3),
            Column("decided_at", _("Decided"), Kind.MOMENT, under="verdict"),
            Column("clause", _("Clause"), share=1.6),
            Column("clause_text", _("Text of the clause"), under="clause"),
            Column("state", _("At the month's end"), share=1.2),
            Column("held", _("Held"), Kind.MINUTES, 0.8),
        ),
        (
            (
                one["ticket"],
                legible(edition.title_of(one["ticket"])),
                verdict_word(one["outcome"]),
                instant(one["decided_at"]),
                one["clause"] or formats.NOTHING,
                edition.clause(one["clause"]),
                str(STATES[one["state"]]),
                one["held_minutes"] or None,
            )
            for one in edition.facts["scope"]["tickets"]
        ),
        empty=_("Every request was within the contract."),
    )


def patterns(edition: Edition) -> Table:
    return Table(
        "failure_patterns",
        _("Failure patterns"),
        (
            Column("symptom", _("Symptom"), share=2),
            Column("system", _("System"), share=1.4),
            Column("incidents", _("Incidents"), Kind.NUMBER, 0.8),
            Column("tickets", _("Tickets"), Kind.KEYS, 3),
        ),
        (
            (
                legible(one["symptom"]),
                edition.system(one["system"]),
                one["count"],
                one["tickets"],
            )
            for one in edition.facts["patterns"]
        ),
        note=_("The same symptom on the same system, five times or more"),
        empty=_("No failure came back five times."),
    )


def passed_on(edition: Edition) -> Table:
    """The tickets that changed hands more than once."""
    return Table(
        "passed_on",
        _("Tickets that changed hands"),
        (
            *ticket_columns(2),
            Column("reassignments", _("Reassignments"), Kind.NUMBER, 0.9),
            Column("returns", _("Returns"), Kind.NUMBER, 0.7, tone=late_if_any),
            Column("desks", _("Way through the teams"), share=3.4),
        ),
        (
            (
                one["ticket"],
                legible(edition.title_of(one["ticket"])),
                one["reassignments"],
                one["returns"],
                " → ".join(together(desk) for desk in one["desks"]),
            )
            for one in edition.facts["hot_potato"]["tickets"]
        ),
        empty=_("No ticket changed hands more than once."),
    )


# --- money ---


def lines(edition: Edition) -> Table:
    """The statement: every total is the sum of its lines."""
    cost = edition.facts["cost"]
    return Table(
        "statement",
        _("Lines of the statement"),
        (
            Column("line", _("Line"), share=4.4),
            Column("detail", _("Detail"), under="line"),
            Column("clause", _("Clause"), under="line"),
            Column("tickets", _("Tickets"), Kind.KEYS, under="line"),
            Column("time", _("Time charged"), Kind.MINUTES, 1),
            Column("rate", _("Rate an hour"), Kind.MONEY, 1),
            Column("multiplier", _("Multiplier"), share=0.8),
            Column("amount", _("Amount"), Kind.MONEY, 1.2),
        ),
        [_line(edition, line) for line in cost["lines"]],
        tuple((label, "", "", "", None, None, "", amount) for label, amount in _totals(edition)),
        currency=edition.currency,
    )


def _line(edition: Edition, line: dict[str, Any]) -> tuple:
    detail = line_detail(line)
    if line["kind"] == "adjustment":
        detail = formats.month(first_day(line["key"]))
    clause = legible(f"{line['clause']} {edition.clause(line['clause'])}") if line["clause"] else ""
    times = line["multiplier"]
    return (
        str(LINES[line["kind"]]),
        legible(detail),
        clause,
        line["tickets"],
        line["quantity_minutes"],
        line["rate"],
        formats.multiplier(times) if times not in (None, WHOLE) else "",
        line["amount"],
    )


def _totals(edition: Edition) -> Iterator[tuple[str, int]]:
    cost = edition.facts["cost"]
    yield _("Subtotal"), cost["subtotal"]
    yield _("Tax"), cost["tax"]
    if cost["disputed"]["amount"]:
        yield _("Total"), cost["total"]
        yield _("In dispute, not due"), cost["disputed"]["amount"]
        yield _("Amount due"), cost["disputed"]["due"]
    else:
        yield _("Amount due"), cost["total"]


def pools(edition: Edition) -> Table:
    return Table(
        "hour_pools",
        _("Hour pools"),
        (
            Column("pool", _("Hour pool"), share=2),
            Column("brought", _("Brought over"), Kind.MINUTES),
            Column("base", _("This month's"), Kind.MINUTES),
            Column("used", _("Used"), Kind.MINUTES),
            Column("carried", _("Moves on"), Kind.MINUTES),
            Column("expired", _("Expired"), Kind.MINUTES),
        ),
        [
            tuple(pool[name] for name in ("key", "brought", "base", "used", "carried", "expired"))
            for pool in edition.facts["cost"]["pools"]
        ],
        empty=_("The contract has no hour pool."),
    )


def entries(edition: Edition) -> Table:
    """Every stretch of work that the statement charged, or did not, in its order."""
    return Table(
        "time_entries",
        _("Time entries"),
        (
            Column("entry", _("Entry")),
            Column("day", _("Day"), Kind.DAY),
            Column("ticket", _("Ticket")),
            Column("tier", _("Tier")),
            Column("charged_as", _("Charged as")),
            Column("clause", _("Clause")),
            Column("worked", _("Time worked"), Kind.MINUTES),
            Column("charged", _("Time charged"), Kind.MINUTES),
            Column("rate", _("Rate an hour"), Kind.MONEY),
            Column("multiplier", _("Multiplier"), Kind.SHARE),
            Column("amount", _("Amount"), Kind.MONEY),
        ),
        (
            (
                one["ref"],
                date.fromisoformat(one["on"]),
                one["ticket"],
                one["tier"],
                str(CHARGES[one["kind"]]),
                one["clause_id"],
                one["raw_minutes"],
                one["charged_minutes"],
                one["rate"],
                one["multiplier"],
                one["amount"],
            )
            for one in edition.facts["cost"]["charged"]
        ),
        currency=edition.currency,
    )


def late_entries(edition: Edition) -> Iterator[str]:
    """Say what came late for closed months, and what was decided in the client's favour since."""
    cost = edition.facts["cost"]
    for late in cost["adjustments"]:
        told = {
            "month": formats.month(first_day(late["origin"])),
            "time": formats.minutes(late["minutes"]),
            "amount": formats.money(late["amount"], edition.currency),
        }
        yield _("Late entries for %(month)s: %(time)s, charged as if on time: %(amount)s.") % told
    for back in cost["given_back"]:
        told = {
            "month": formats.month(first_day(back["origin"])),
            "amount": formats.money(back["amount"], edition.currency),
        }
        yield _("Decided in your favour since %(month)s: %(amount)s.") % told


def together(name: str) -> str:
    """Return a short name that no line break divides."""
    return legible(name).replace(" ", "\u00a0")
