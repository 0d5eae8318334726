"""What the monitoring said in a month: by source, how much of it was noise, how soon it was answered."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median_low

from contracts.domain.vocabulary import ObligationKind
from reports.domain.sla import Clock, Result

ANSWERED = (Result.MET, Result.MISSED)
COUNTED = ("heard", "opened", "folded", "held_back", "lost", "silences", "by_itself")
Window = tuple[datetime, datetime, str]  # from, until, and what for


@dataclass(frozen=True, slots=True)
class Group:
    """
    Episodes first heard in the month that share a source and an end as of the month's end.

    They have a ticket (`opened` in the month or before), or maintenance held them back (`window`),
    or they were `lost`: no ticket could be opened for them.
    """

    source: str
    ticket: str
    opened: bool
    window: int | None
    count: int
    silences: int


@dataclass(frozen=True, slots=True)
class SourceRow:
    """`heard` is the sum of what opened a ticket, was folded into one, held back, or lost."""

    source: str
    kind: str
    heard: int
    opened: int
    folded: int
    held_back: int
    lost: int
    silences: int
    by_itself: int


@dataclass(frozen=True, slots=True)
class AlertTicket:
    """
    A ticket with the `alerts` of the month that it holds; yes and no are 1 and 0.

    `by_itself` says that it closed when all were over and nobody had worked on it;
    `response_seconds` are real seconds until a person's first word, None without one.
    """

    ticket: str
    source: str
    alerts: int
    opened: int
    by_itself: int
    response_seconds: int | None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Maintenance with the alerts of a source that it held back."""

    source: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    alerts: int


@dataclass(frozen=True, slots=True)
class Response:
    """How soon a person said something on the alerts' tickets: real seconds, the lower median."""

    answered: int
    median_seconds: int | None
    longest_seconds: int | None


@dataclass(frozen=True, slots=True)
class Alerts:
    """`noise` is what asked for nobody: folded, held back, or gone by itself without work."""

    heard: int
    opened: int
    folded: int
    held_back: int
    lost: int
    silences: int
    by_itself: int
    noise: int
    response: Response
    by_source: tuple[SourceRow, ...]
    tickets: tuple[AlertTicket, ...]
    windows: tuple[HeldBack, ...]


def alerts(
    groups: Iterable[Group],
    kinds: Mapping[str, str],
    windows: Mapping[int, Window],
    by_itself: Collection[str],
    clocks: Iterable[Clock],
) -> Alerts:
    """
    Return the month's alerts. `kinds` are those of the sources by name.

    `by_itself` are the tickets that closed without anybody's work.
    """
    groups = list(groups)
    answers = responses(clocks)
    tickets = tuple(_ticket(group, by_itself, answers) for group in groups if group.ticket)
    rows = tuple(_row(name, kinds[name], groups, tickets) for name in _names(groups))
    total = {name: sum(getattr(row, name) for row in rows) for name in COUNTED}
    return Alerts(
        **total,
        noise=total["folded"] + total["held_back"] + total["by_itself"],
        response=_response(tickets),
        by_source=rows,
        tickets=tickets,
        windows=tuple(
            HeldBack(group.source, *windows[group.window], group.count)
            for group in groups
            if group.window is not None
        ),
    )


def responses(clocks: Iterable[Clock]) -> dict[str, int]:
    """Return the real seconds until a person's first word, by ticket, where there was one."""
    return {
        clock.ticket: int((clock.stopped_at - clock.started_at).total_seconds())
        for clock in clocks
        if clock.obligation == ObligationKind.ACKNOWLEDGE
        and clock.result in ANSWERED
        and clock.stopped_at is not None
    }


def _names(groups: Iterable[Group]) -> list[str]:
    return sorted({group.source for group in groups})


def _ticket(group: Group, by_itself: Collection[str], answers: Mapping[str, int]) -> AlertTicket:
    alone = group.ticket in by_itself
    return AlertTicket(
        ticket=group.ticket,
        source=group.source,
        alerts=group.count,
        opened=int(group.opened),
        by_itself=int(alone),
        response_seconds=None if alone else answers.get(group.ticket),
    )


def _row(
    name: str, kind: str, groups: Iterable[Group], tickets: Iterable[AlertTicket]
) -> SourceRow:
    mine = [group for group in groups if group.source == name]
    held_back = sum(group.count for group in mine if group.window is not None)
    placed = [ticket for ticket in tickets if ticket.source == name]
    opened, with_ticket = sum(t.opened for t in placed), sum(t.alerts for t in placed)
    heard = sum(group.count for group in mine)
    return SourceRow(
        source=name,
        kind=kind,
        heard=heard,
        opened=opened,
        folded=with_ticket - opened,
        held_back=held_back,
        lost=heard - with_ticket - held_back,
        silences=sum(group.silences for group in mine),
        by_itself=sum(t.by_itself for t in placed),
    )


def _response(tickets: Iterable[AlertTicket]) -> Response:
    found = [t.response_seconds for t in tickets if t.response_seconds is not None]
    return Response(
        answered=len(found),
        median_seconds=median_low(found) if found else None,
        longest_seconds=max(found, default=None),
    )
