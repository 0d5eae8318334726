"""Tickets and time entries as other tools tell them: what a row must say, and in which order."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tickets.domain.bulk_faults import Fault
from tickets.domain.bulk_presets import PRIORITIES, STATUSES, TYPES
from tickets.domain.bulk_reader import Reader

MOST_WORK = timedelta(hours=24)
AT_NINE = timedelta(hours=9)  # where a sheet tells the day and the hours only


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket as another tool tells it; instants are aware, empty text is not told."""

    source_key: str
    title: str
    description: str
    type: str
    status: str
    priority: str
    received_at: datetime
    closed_at: datetime | None
    requester: str
    system: str
    environment: str
    resolution: str


@dataclass(frozen=True, slots=True)
class TimeRow:
    """Work as another tool tells it, `[starts_at, ends_at)`; `assumed`: only its day was told."""

    source_key: str
    ticket: str
    person: str
    starts_at: datetime
    ends_at: datetime
    note: str
    assumed: bool


def ticket_row(reader: Reader) -> TicketRow | None:
    """Return the ticket; None where `reader.wrong` says why not."""
    received_at = reader.moment("received_at", required=True)
    closed_at = reader.moment("closed_at")
    status = reader.word("status", STATUSES, "new")
    if received_at and closed_at and closed_at < received_at:
        reader.fault("closed_at", Fault.ORDER)
    row = {
        "source_key": reader.told("source_key", 120),
        "title": reader.told("title", 200),
        "description": reader.short("description", 5000),
        "type": reader.word("type", TYPES, "service_request"),
        "priority": reader.word("priority", PRIORITIES, "P3"),
        "requester": reader.text("requester").casefold(),
        "system": reader.text("system"),
        "environment": reader.text("environment"),
        "resolution": reader.short("resolution", 2000),
    }
    if reader.wrong or received_at is None:
        return None
    if status in ("closed", "cancelled") and closed_at is None:
        closed_at = received_at
    return TicketRow(status=status, received_at=received_at, closed_at=closed_at, **row)


def time_row(reader: Reader) -> TimeRow | None:
    """Return the work: start and end, or start and hours; None where `reader.wrong` says why not."""
    starts_at = reader.moment("starts_at", required=True)
    ends_at = reader.moment("ends_at")
    length = reader.hours("hours")
    row = {
        "source_key": reader.short("source_key", 120),
        "ticket": reader.told("ticket", 120).lstrip("#"),
        "person": reader.told("person", 254).casefold(),
        "note": reader.short("note", 200),
    }
    day_only = len(reader.text("starts_at")) <= len("2026-04-15")
    if starts_at and ends_at is None and length:
        starts_at += AT_NINE if day_only else timedelta(0)
        ends_at = starts_at + length
    if ends_at is None and not reader.wrong:
        reader.fault("hours", Fault.MISSING)
    if starts_at and ends_at and not timedelta(0) < ends_at - starts_at <= MOST_WORK:
        reader.fault("ends_at" if reader.text("ends_at") else "hours", Fault.ORDER)
    if reader.wrong or starts_at is None or ends_at is None:
        return None
    return TimeRow(starts_at=starts_at, ends_at=ends_at, assumed=day_only, **row)
