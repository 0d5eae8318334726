"""What the month means, on paper and in files: trend, emphasis, what the fee bought, what was lost."""

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts import formats
from contracts.domain.money import WHOLE
from reports.advice_words import BAND, FIX, TOWARDS, advice_text
from reports.renderers.blocks import Block, beside, counts, pairs, split, table, trend, words
from reports.renderers.edition import Edition, first_day, instant
from reports.renderers.table import Column, Kind, Table, first_of, legible
from reports.renderers.tables import late_if_any, ticket_columns
from reports.words import CHARGES, STATES, word

Facts = dict[str, Any]


def insight_in(edition: Edition) -> Facts:
    """Return the insight of the facts; reports of an older layout have none."""
    return edition.facts.get("insight", {})


def blocks(edition: Edition) -> Iterator[Block]:
    """What moves: the emphasis with its evidence, the fee's worth, what the teams lost."""
    told = insight_in(edition)
    yield beside([_side(edition, "minutes")], _money(edition))
    yield words(str(TOWARDS[told["emphasis"]["towards"]]), "soon")
    yield pairs([_evidence(edition, one) for one in told["emphasis"]["advice"]])
    if told["hot_potato"]["tickets"]:
        yield table(lost(edition))
    if len(told["trend"]) > 1:
        yield table(months(edition))


def lines(edition: Edition) -> list[Block]:
    """Return the trend's line charts, where there is more than one month."""
    points = insight_in(edition).get("trend", [])
    if len(points) < 2:
        return []
    named = ((_("Requests received"), "received"), (_("Promises missed"), "missed"))
    return [
        trend(title, [(formats.month(first_day(p["month"])), p[key]) for p in points])
        for title, key in named
    ]


def _side(edition: Edition, measure: str) -> Block:
    told = insight_in(edition)["split"]
    side, said = told[measure], _says(edition, measure)
    share = side["basis_points"]
    parts = [
        (word("operation", "stream"), WHOLE - share if share is not None else 0, side["operation"]),
        (word("maintenance", "stream"), share or 0, side["maintenance"]),
    ]
    title = _("Hours") if measure == "minutes" else _("Money")
    drawn = [
        (name, part, f"{formats.percent(part)} · {said(value)}") for name, part, value in parts
    ]
    return split(f"{title}: {BAND[side['state']]}", drawn, _("The marks show 40%% and 60%%.") % ())


def _says(edition: Edition, measure: str) -> Callable[[int], str]:
    if measure == "minutes":
        return formats.minutes
    return lambda amount: formats.money(amount, edition.currency)


def _money(edition: Edition) -> list[Block]:
    fee = insight_in(edition)["fee"]
    if not edition.sees_money or not fee["fee"]:
        return []
    said = _says(edition, "worth")
    rows = [
        (str(CHARGES[one["key"]]), f"{formats.minutes(one['minutes'])} · {said(one['worth'])}")
        for one in fee["by_kind"]
    ]
    rows.append((_("Covered work by the rate card"), said(fee["worth"])))
    if fee["minutes"]:
        rows.append((_("An hour through the fee"), said(fee["effective_rate"])))
        rows.append((_("An hour by the rate card"), said(fee["card_rate"])))
    return [counts(_("What the monthly fee bought"), rows, (_("Monthly fee"), said(fee["fee"])))]


def _evidence(edition: Edition, advice: Facts) -> tuple[str, str]:
    name = (
        edition.system(advice["system"]) if advice["system"] else word(advice["towards"], "stream")
    )
    said = advice_text(advice)
    return legible(name), f"{said} {first_of(advice['tickets'], 12)}".strip()


def lost(edition: Edition) -> Table:
    """What passing tickets around cost, by ticket."""
    money = edition.sees_money
    columns = [
        *ticket_columns(2.4),
        Column("disputes", _("Disputes"), Kind.NUMBER, 0.9),
        Column("returns", _("Returns"), Kind.NUMBER, 0.8, tone=late_if_any),
        Column("on_offer", _("On offer"), Kind.SECONDS, 1.2),
        Column("round_trips", _("Round trips"), Kind.SECONDS, 1.2),
        Column("still", _("Without movement"), Kind.SECONDS, 1.2),
        Column("work", _("Work on round trips"), Kind.MINUTES, 1.2),
        *([Column("worth", _("By the rate card"), Kind.MONEY, 1.2)] if money else []),
    ]
    rows = [
        (
            one["ticket"],
            legible(edition.title_of(one["ticket"])),
            one["disputes"],
            one["returns"],
            one["on_offer_seconds"],
            one["round_trip_seconds"],
            one["still_seconds"],
            one["minutes"],
            *([one["worth"]] if money else []),
        )
        for one in insight_in(edition)["hot_potato"]["tickets"]
    ]
    return Table(
        "lost_between_teams",
        _("Lost between the teams"),
        tuple(columns),
        rows,
        currency=edition.currency,
        empty=_("Nothing was lost between the teams."),
    )


def patterns(edition: Edition) -> Table:
    """The same fault again and again, and what ending it would cost."""
    money = edition.sees_money
    columns = [
        Column("symptom", _("Symptom"), share=1.8),
        Column("system", _("System"), share=1.2),
        Column("incidents", _("Incidents"), Kind.NUMBER, 0.8),
        Column("time", _("Time this month"), Kind.MINUTES, 1),
        *([Column("cost", _("Cost this month"), Kind.MONEY, 1)] if money else []),
        *([Column("fix", _("A permanent fix"), Kind.MONEY, 1)] if money else []),
        Column("known", _("How the fix is known"), share=1.5),
        Column("tickets", _("Tickets"), Kind.KEYS, 2.4),
    ]
    rows = [
        (
            legible(one["symptom"]),
            edition.system(one["system"]),
            one["count"],
            one["minutes"],
            *([one["worth"]] if money else []),
            *([one["fix"]["amount"]] if money else []),
            _known(one),
            one["tickets"],
        )
        for one in edition.facts["patterns"]
    ]
    return Table(
        "failure_patterns",
        _("Failure patterns"),
        tuple(columns),
        rows,
        currency=edition.currency,
        note=_("The same symptom on the same system, five times or more"),
        empty=_("No failure came back five times."),
    )


def _known(pattern: Facts) -> str:
    said = str(FIX[pattern["fix"]["source"]])
    months = pattern["pays_back_months"]
    if months is None:
        return said
    back = ngettext("Pays back in %(n)s such month", "Pays back in %(n)s such months", months)
    return f"{said}. {back % {'n': months}}"


def releases(edition: Edition) -> Table:
    return Table(
        "releases",
        _("Releases"),
        (
            Column("release", _("Release"), share=1.6),
            Column("released_at", _("Released"), Kind.MOMENT, under="release"),
            Column("system", _("System"), share=1.4),
            Column("fixes", _("Fixes"), Kind.KEYS, 1.5),
            Column("after", _("Incidents after, this month"), Kind.NUMBER, 1.1, tone=late_if_any),
            Column("incidents", _("Tickets"), Kind.KEYS, 4),
        ),
        [
            (
                legible(one["name"]),
                instant(one["released_at"]),
                edition.system(one["system"]),
                one["fixes"],
                len(one["incidents_after"]),
                one["incidents_after"],
            )
            for one in edition.facts.get("releases", {}).get("rows", [])
        ],
        empty=_("Nothing was released."),
    )


def routines(edition: Edition) -> Table:
    """The routine tasks of the month, by routine and system."""
    return Table(
        "routines",
        _("Routine tasks"),
        (
            Column("routine", _("Routine"), share=3),
            Column("system", _("System"), share=1.4),
            Column("due", _("Due"), Kind.NUMBER),
            Column("on_time", _("On time"), Kind.NUMBER),
            Column("late", _("Late"), Kind.NUMBER, tone=late_if_any),
            Column("missed", _("Missed"), Kind.NUMBER, tone=late_if_any),
            Column("proofs", _("Evidence"), Kind.NUMBER),
        ),
        [
            (
                legible(one["title"]),
                edition.system(one["system"]),
                *(one[key] for key in ("due", "on_time", "late", "missed", "proofs")),
            )
            for one in edition.facts.get("routines", {}).get("rows", [])
        ],
        empty=_("No routine task was due."),
    )


def open_items(edition: Edition) -> Table:
    """Every ticket that is open at the month's end, the oldest first."""
    return Table(
        "open_items",
        _("Open items"),
        (
            *ticket_columns(2.3),
            Column("priority", _("Priority"), share=0.8),
            Column("system", _("System"), share=1.8),
            Column("received_at", _("Received"), Kind.MOMENT, 1.5),
            Column("age", _("Age in days"), Kind.NUMBER, 0.8),
            Column("state", _("State"), share=1.3),
            Column("held_by", _("Held by"), share=1.2),
        ),
        [
            (
                one["ticket"],
                legible(edition.title_of(one["ticket"])),
                one["priority"],
                edition.system(one["system"]),
                instant(one["received_at"]),
                one["age_days"],
                str(STATES[one["state"]]),
                legible(f"{one['tier']} {one['team']}") if one["tier"] else _("The client"),
            )
            for one in edition.facts.get("open_items", [])
        ],
        empty=_("No ticket was open at the month's end."),
    )


def months(edition: Edition) -> Table:
    """The last twelve months, each as its report froze it."""
    money = edition.sees_money
    columns = [
        Column("month", _("Month"), share=1.6),
        Column("received", _("Received"), Kind.NUMBER),
        Column("bugs", _("Faults"), Kind.NUMBER),
        Column("sla", _("SLA met"), Kind.SHARE),
        Column("missed", _("Missed"), Kind.NUMBER),
        Column("operation", _("Operation"), Kind.MINUTES),
        Column("maintenance", _("Maintenance"), Kind.MINUTES),
        Column("open", _("Open"), Kind.NUMBER),
        *([Column("total", _("Total"), Kind.MONEY, 1.3)] if money else []),
    ]
    rows = [
        (
            formats.month(first_day(point["month"])),
            point["received"],
            point["bugs"],
            _share(point["met"], point["met"] + point["missed"]),
            point["missed"],
            point["operation_minutes"],
            point["maintenance_minutes"],
            point["open_after"],
            *([point["total"]] if money else []),
        )
        for point in reversed(insight_in(edition).get("trend", []))
    ]
    return Table(
        "trend",
        _("Trend"),
        tuple(columns),
        rows,
        currency=edition.currency,
        note=_("Each month as its report froze it"),
        empty=_("This is the first month."),
    )


def _share(met: int, decided: int) -> int | None:
    return met * WHOLE // decided if decided else None
