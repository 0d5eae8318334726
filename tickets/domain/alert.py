"""
What an alert does: heard once or again, folded into a ticket or not, held back, over.

One *episode* of an alert is its fingerprint and the instant at which it began. Whatever the order in
which its words arrive, and however often, an episode comes to the same end.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

LATE = timedelta(minutes=10)  # a word that began later than this after the recovery is a new one
TOGETHER = timedelta(hours=1)  # the same alert on another machine within it is the same trouble
STORM_WITHIN = timedelta(minutes=10)
STORM_AFTER = 5  # tickets of one system in that time; what follows joins the last of them


@dataclass(frozen=True, slots=True)
class Alert:
    """One word of a source: something began, still lasts, or is over. Times are aware."""

    fingerprint: str
    name: str
    firing: bool
    started_at: datetime | None = None
    ended_at: datetime | None = None
    severity: str = ""
    summary: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


# --- the same one again? ---


class Heard(StrEnum):
    NEW = "new"
    REPEATED = "repeated"
    RECOVERED = "recovered"
    LATE = "late"  # what we know already, or a word that something newer overtook
    AGAIN = "again"  # it was over, and the source says it is not: a new episode


@dataclass(frozen=True, slots=True)
class Known:
    """What was heard of an episode: `told_at` is when we were told of its end."""

    firing: bool
    told_at: datetime | None = None


def hear(known: Known | None, alert: Alert, now: datetime) -> Heard:
    """
    Return what a word means after what is known of its episode.

    A recovery is never taken back by a word that was under way. Only one that comes later than
    that begins anew: a source that lost sight of an alert sends it with its old beginning.
    """
    if known is None:
        return Heard.NEW
    if known.firing:
        return Heard.REPEATED if alert.firing else Heard.RECOVERED
    if alert.firing and known.told_at is not None and now - known.told_at > LATE:
        return Heard.AGAIN
    return Heard.LATE


def clock_starts_at(alert: Alert, now: datetime, not_before: datetime) -> datetime:
    """
    Return the alert's own time, from which the clocks run.

    Never in the future, whatever the source's clock says, and never before `not_before`: when the
    source was connected, or the maintenance ended that held the alert back.
    """
    return min(max(alert.started_at or now, not_before), now)


def ends_at(alert: Alert, started_at: datetime, now: datetime) -> datetime:
    """Return the instant of a recovery: the alert's own, not in the future, not before its beginning."""
    return max(min(alert.ended_at or now, now), started_at)


# --- how bad, and where ---

SEVERITIES: Mapping[str, tuple[int, int]] = {  # impact and urgency, 1 is the highest
    **dict.fromkeys(("critical", "disaster", "emergency", "fatal", "page", "alert", "p1"), (1, 1)),
    **dict.fromkeys(("high", "error", "major", "p2"), (1, 2)),
    **dict.fromkeys(("warning", "warn", "average", "medium", "minor", "p3"), (2, 2)),
    **dict.fromkeys(("information", "info", "informational", "notice", "none", "ok"), (3, 3)),
    **dict.fromkeys(("not classified", "low", "p4", "debug"), (3, 3)),
}


def impact_and_urgency(severity: str) -> tuple[int, int]:
    """Return both for the word of a source; one that nobody knows is in the middle."""
    return SEVERITIES.get(severity.strip().lower(), (2, 2))


@dataclass(frozen=True, slots=True)
class Route:
    """Alerts whose labels fit every pattern (`*` and `?`) go to this contract, system, environment."""

    match: Mapping[str, str]
    contract: int
    system: str
    environment: str
    priority: str = ""


def route_of(alert: Alert, routes: Iterable[Route]) -> Route | None:
    """Return the first route that fits; one without patterns fits everything."""
    labels = {"alertname": alert.name, "severity": alert.severity, **alert.labels}
    return next((route for route in routes if _fits(route, labels)), None)


def _fits(route: Route, labels: Mapping[str, str]) -> bool:
    return all(fnmatchcase(labels.get(name, ""), glob) for name, glob in route.match.items())


@dataclass(frozen=True, slots=True)
class Window:
    """Agreed maintenance in [starts_at, ends_at); an empty system or environment is every one."""

    key: int
    contract: int
    system: str
    environment: str
    starts_at: datetime
    ends_at: datetime

    def holds_back(self, route: Route, at: datetime) -> bool:
        return (
            self.contract == route.contract
            and self.system in ("", route.system)
            and self.environment in ("", route.environment)
            and self.starts_at <= at < self.ends_at
        )


def held_back_by(route: Route, at: datetime, windows: Iterable[Window]) -> Window | None:
    """Return the window in which something began; of several the one that ends last."""
    found = (window for window in windows if window.holds_back(route, at))
    return max(found, key=lambda window: window.ends_at, default=None)


# --- one ticket or another? ---


@dataclass(frozen=True, slots=True)
class Place:
    """An open ticket of the source: where it is, how urgent, which alerts it holds, heard when."""

    ticket: int
    system: str
    environment: str
    priority: str
    opened_at: datetime
    heard_at: datetime
    names: frozenset[str] = frozenset()
    fingerprints: frozenset[str] = frozenset()


def fold(
    alert: Alert, route: Route, priority: str, places: Sequence[Place], now: datetime
) -> int | None:
    """
    Return the ticket that an alert joins; None where it needs its own.

    It joins where the same alert is, or one of its name that was heard within the hour. In a storm
    (`STORM_AFTER` tickets of the place within `STORM_WITHIN`) it joins the newest. It never joins
    a less urgent ticket: nothing critical is hidden under a warning.
    """
    near = [
        place
        for place in places
        if (place.system, place.environment) == (route.system, route.environment)
    ]
    fit = [place for place in near if place.priority <= priority]
    same = [place for place in fit if alert.fingerprint in place.fingerprints]
    same = same or [
        place for place in fit if alert.name in place.names and now - place.heard_at <= TOGETHER
    ]
    if not same and sum(now - place.opened_at <= STORM_WITHIN for place in near) >= STORM_AFTER:
        same = fit
    return max(same, key=lambda place: (place.opened_at, place.ticket)).ticket if same else None


# --- silence of the source itself ---

HEARTBEAT = "heartbeat"  # the fingerprint of a source's own silence


def silent_since(heard_at: datetime, limit_minutes: int | None, now: datetime) -> datetime | None:
    """Return the instant at which a source became silent; None while it is not, or may be."""
    if limit_minutes is None:
        return None
    since = heard_at + timedelta(minutes=limit_minutes)
    return since if since <= now else None
