"""What the monitoring tells of a month, on paper and in files: availability, alerts, findings, releases."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from contracts import formats
from reports.renderers import availability, insight
from reports.renderers.blocks import Block, beside, counts, table, words
from reports.renderers.edition import Edition, instant
from reports.renderers.table import Column, Kind, Table, legible
from reports.renderers.tables import late_if_any, ticket_columns
from reports.words import word

Facts = dict[str, Any]


def monitoring_in(edition: Edition) -> Facts:
    """Return what the monitoring told; reports of an older layout have nothing of it."""
    return edition.facts.get("monitoring", {})


def blocks(edition: Edition) -> Iterator[Block]:
    """The monitoring report: each figure stands above the list that it is counted from."""
    if told := monitoring_in(edition):
        yield table(availability.systems(edition))
        yield words(availability.rule(), "soft")
        yield from (words(said, "soft") for said in availability.calculations(edition))
        if told["availability"]["intervals"]:
            yield table(availability.downtime(edition))
        if told["availability"]["maintenance"]:
            yield table(availability.maintenance(edition))
        yield table(alerts(edition))
        if told["alerts"]["heard"]:
            yield beside([noise(told["alerts"])], [])
        if told["alerts"]["tickets"]:
            yield table(alert_tickets(edition))
        if told["alerts"]["windows"]:
            yield table(held_back(edition))
    if edition.facts.get("routines", {}).get("due"):
        yield table(insight.routines(edition))
    if told and edition.sees_findings:
        yield table(findings(edition))
    if edition.facts.get("releases", {}).get("rows"):
        yield table(insight.releases(edition))


# --- alerts ---


def alerts(edition: Edition) -> Table:
    told = monitoring_in(edition).get("alerts", {})
    names = ("heard", "opened", "folded", "held_back", "lost", "by_itself", "silences")
    rows = [
        (legible(row["source"]), word(row["kind"], "alert_source"), *(row[n] for n in names))
        for row in told.get("by_source", ())
    ]
    return Table(
        "alerts",
        _("Alerts by source"),
        (
            Column("source", _("Source"), share=2.2),
            Column("kind", _("Kind"), under="source"),
            Column("heard", _("Alerts"), Kind.NUMBER, 0.8),
            Column("opened", _("Opened a ticket"), Kind.NUMBER, 1),
            Column("folded", _("Folded into one"), Kind.NUMBER, 1),
            Column("held_back", _("Held back"), Kind.NUMBER, 1),
            Column("lost", _("Without a place"), Kind.NUMBER, 1, tone=late_if_any),
            Column("by_itself", _("Gone by itself"), Kind.NUMBER, 1),
            Column("silences", _("Silences"), Kind.NUMBER, 0.9),
        ),
        rows,
        ((_("All"), "", *(told[n] for n in names)),) if len(rows) > 1 else (),
        empty=_("No alert came in this month."),
    )


def noise(told: Facts) -> Block:
    """How much of it asked for nobody, and how soon the rest was answered."""
    response = told["response"]
    rows = [
        (_("Folded, held back or gone by itself"), formats.number(told["noise"])),
        (_("Answered by a person"), formats.number(response["answered"])),
        (_("First answer, the median"), formats.length(response["median_seconds"])),
        (_("First answer, the longest"), formats.length(response["longest_seconds"])),
    ]
    return counts(_("Noise and response"), rows)


def alert_tickets(edition: Edition) -> Table:
    return Table(
        "alert_tickets",
        _("Tickets of alerts"),
        (
            *ticket_columns(3),
            Column("source", _("Source"), share=1.6),
            Column("alerts", _("Alerts"), Kind.NUMBER, 0.8),
            Column("opened", _("Opened in the month"), Kind.NUMBER, 1),
            Column("by_itself", _("Gone by itself"), Kind.NUMBER, 1),
            Column("response", _("First answer"), Kind.SECONDS, 1.1),
        ),
        [
            (
                one["ticket"],
                legible(edition.title_of(one["ticket"])),
                legible(one["source"]),
                one["alerts"],
                one["opened"],
                one["by_itself"],
                one["response_seconds"],
            )
            for one in monitoring_in(edition).get("alerts", {}).get("tickets", ())
        ],
        empty=_("No alert came in this month."),
    )


def held_back(edition: Edition) -> Table:
    return Table(
        "alerts_held_back",
        _("Alerts that maintenance held back"),
        (
            Column("source", _("Source"), share=1.6),
            Column("reason", _("Reason"), share=2.4),
            Column("from", _("From"), Kind.MOMENT, 1.5),
            Column("until", _("To"), Kind.MOMENT, 1.5),
            Column("alerts", _("Alerts"), Kind.NUMBER, 0.8),
        ),
        [
            (
                legible(one["source"]),
                legible(one["reason"]),
                instant(one["starts_at"]),
                instant(one["ends_at"]),
                one["alerts"],
            )
            for one in monitoring_in(edition).get("alerts", {}).get("windows", ())
        ],
        empty=_("Maintenance held nothing back."),
    )


# --- security findings ---


def findings(edition: Edition) -> Table:
    """Every finding that was open in the month, as it stood at its end."""
    return Table(
        "security_findings",
        _("Security findings"),
        (
            Column("finding", _("Finding"), share=2.6),
            Column("reference", _("Reference"), under="finding"),
            Column("severity", _("Severity"), share=1),
            Column("system", _("System"), under="severity"),
            Column("found_at", _("Found"), Kind.MOMENT, 1.4),
            Column("due_at", _("Due"), Kind.MOMENT, 1.4),
            Column("state", _("State"), share=1.4),
            Column("accepted_until", _("Accepted until"), Kind.DAY, under="state"),
            Column("overdue", _("Overdue"), Kind.NUMBER, 0.8, tone=late_if_any),
            Column("missed", _("Missed in the month"), Kind.NUMBER, 0.9, tone=late_if_any),
            Column("reason", _("Reason"), share=1.8),
            Column("ticket", _("Ticket"), under="reason"),
        ),
        [
            (
                legible(one["title"]),
                legible(one["reference"]),
                word(one["severity"], "severity"),
                edition.system(one["system"]),
                instant(one["found_at"]),
                instant(one["due_at"]),
                word(one["state"], "finding"),
                date.fromisoformat(one["accepted_until"]) if one["accepted_until"] else None,
                one["overdue"],
                one["missed"],
                legible(one["reason"]),
                one["ticket"],
            )
            for one in monitoring_in(edition).get("security", {}).get("rows", ())
        ],
        empty=_("No finding was open in the month."),
    )
