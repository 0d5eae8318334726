"""How available each system was, on paper and in files: the calculation and every interval in it."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from contracts import formats
from contracts.domain.terms import ALWAYS
from reports.renderers.edition import Edition, instant
from reports.renderers.table import Column, Kind, Table, legible
from reports.renderers.tables import late_if_any, level, ticket_columns
from reports.words import word

Facts = dict[str, Any]


def told(edition: Edition) -> Facts:
    """Return the availability of the facts; reports of an older layout have none."""
    return edition.facts.get("monitoring", {}).get("availability", {})


def rule() -> str:
    """Return how availability is counted, in a few sentences."""
    return _(
        "Availability = (agreed time − maintenance − time down) ÷ (agreed time − maintenance), in"
        " whole seconds, rounded down to 0.01 %. Agreed time is the service hours on which the"
        " contract promises to restore the system. It is down while an incident of the highest"
        " priority on production lasts, until service is back. At least: what remains if it was"
        " also down whenever nobody watched it."
    )


def calculation(row: Facts) -> str:
    """Return the calculation of one system in figures; nothing where no time was agreed."""
    if row["basis_points"] is None:
        return ""
    agreed, planned, down = (
        formats.exact(row[name])
        for name in ("agreed_seconds", "maintenance_seconds", "down_seconds")
    )
    share = formats.percent(row["basis_points"])
    return f"({agreed} − {planned} − {down}) ÷ ({agreed} − {planned}) = {share}"


def calculations(edition: Edition) -> Iterator[str]:
    for row in told(edition).get("rows", ()):
        if said := calculation(row):
            yield f"{edition.system(row['system'])}: {said}"


def hours_word(name: str) -> str:
    return _("Around the clock") if name == ALWAYS else name


def systems(edition: Edition) -> Table:
    return Table(
        "availability",
        _("Availability"),
        (
            Column("system", _("System"), share=2),
            Column("hours", _("Service hours"), under="system"),
            Column("agreed", _("Agreed"), Kind.EXACT, 1.2),
            Column("maintenance", _("Planned work"), Kind.EXACT, 1.2),
            Column("down", _("Down"), Kind.EXACT, 1.2, tone=late_if_any),
            Column("unwatched", _("Not watched"), Kind.EXACT, 1.2),
            Column("share", _("Availability"), Kind.SHARE, 1.2, tone=level),
            Column("at_least", _("At least"), Kind.SHARE, 1),
        ),
        [
            (
                edition.system(row["system"]),
                hours_word(row["hours"]),
                row["agreed_seconds"],
                row["maintenance_seconds"],
                row["down_seconds"],
                row["unwatched_seconds"],
                row["basis_points"],
                row["at_least"],
            )
            for row in told(edition).get("rows", ())
        ],
        empty=_("The contract promises to restore no system."),
    )


def downtime(edition: Edition) -> Table:
    """Each interval that counts, with the ticket it comes from."""
    return Table(
        "downtime",
        _("Time down and not watched"),
        (
            *ticket_columns(2.4),
            Column("system", _("System"), share=1.3),
            Column("kind", _("What it was"), share=1.2),
            Column("from", _("From"), Kind.MOMENT, 1.5),
            Column("until", _("To"), Kind.MOMENT, 1.5),
            Column("counted", _("Counted"), Kind.EXACT, 1.1),
        ),
        [
            (
                one["ticket"],
                legible(edition.title_of(one["ticket"])),
                edition.system(one["system"]),
                word(one["kind"], "trouble"),
                instant(one["starts_at"]),
                instant(one["ends_at"]),
                one["seconds"],
            )
            for one in told(edition).get("intervals", ())
        ],
        note=_("Without an end: it lasts. Nothing is counted twice, or outside the hours."),
        empty=_("Nothing was down, and everything was watched."),
    )


def maintenance(edition: Edition) -> Table:
    return Table(
        "maintenance_windows",
        _("Planned maintenance, not counted"),
        (
            Column("system", _("System"), share=1.3),
            Column("reason", _("Reason"), share=2.4),
            Column("from", _("From"), Kind.MOMENT, 1.5),
            Column("until", _("To"), Kind.MOMENT, 1.5),
            Column("taken_out", _("Taken out"), Kind.EXACT, 1.1),
        ),
        [
            (
                edition.system(one["system"]),
                legible(one["reason"]),
                instant(one["starts_at"]),
                instant(one["ends_at"]),
                one["seconds"],
            )
            for one in told(edition).get("maintenance", ())
        ],
        note=_("From when it was agreed at the earliest"),
        empty=_("No maintenance was agreed."),
    )
