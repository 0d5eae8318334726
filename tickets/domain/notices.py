"""What people are told of, on which way, and when: the choices of a person and the quiet defaults."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAILY_AT = time(9)


class Kind(StrEnum):
    ASSIGNMENT = "assignment"
    HANDOFF = "handoff"
    COMMENT = "comment"
    MENTION = "mention"
    HALFTIME = "halftime"
    DEADLINE = "deadline"
    MISSED = "missed"
    PROGRESS = "progress"
    VERDICT = "verdict"
    ESTIMATE = "estimate"
    CONTRACT = "contract"
    REPORT = "report"


class Channel(StrEnum):
    """`daily` and `mail` stand in the portal too; they differ in when the e-mail comes."""

    MAIL = "mail"
    DAILY = "daily"
    PORTAL = "portal"
    OFF = "off"


DEFAULTS: Mapping[Kind, Channel] = {
    **dict.fromkeys(Kind, Channel.MAIL),
    Kind.HALFTIME: Channel.PORTAL,
    Kind.PROGRESS: Channel.DAILY,
}


def channel_of(kind: str, chosen: Mapping[str, str]) -> Channel:
    """Return the way on which a person is told of `kind`; what they did not choose is the default."""
    return Channel(chosen.get(kind, DEFAULTS[Kind(kind)]))


def mail_at(channel: Channel, now: datetime, zone: ZoneInfo) -> datetime | None:
    """
    Return the instant at which the e-mail should leave; None for no e-mail.

    At once, or at the next 09:00 of the person's own zone. Where a clock change takes or doubles
    that hour it is the first one.
    """
    if channel is Channel.MAIL:
        return now
    if channel is not Channel.DAILY:
        return None
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), DAILY_AT, zone)
    if today > local:
        return today
    return datetime.combine(local.date() + timedelta(days=1), DAILY_AT, zone)
