"""What a person does with what they are told: read it, and choose how to be told."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from tenants.models import Membership, User
from tickets.models import NoticePreference, Notification


@transaction.atomic
def mark_notice(*, notice: Notification, read: bool, now: datetime) -> Notification:
    """Mark what a person was told as read, or as unread again; the first reading stays."""
    if read != (notice.read_at is not None):
        notice.read_at = now if read else None
        notice.save(update_fields=["read_at"])
    return notice


@transaction.atomic
def read_all_notices(*, members: Iterable[Membership], now: datetime) -> int:
    """Mark everything as read that these desks of one person are shown; return how many."""
    return Notification.objects.shown_to(members).unread().update(read_at=now)


@transaction.atomic
def choose_channels(*, user: User, channels: Mapping[str, str]) -> dict[str, str]:
    """Keep on which way a person wants to be told of what; what is not named stays."""
    kept, _made = NoticePreference.objects.select_for_update().get_or_create(user=user)
    kept.channels = {**kept.channels, **channels}
    kept.save(update_fields=["channels"])
    return kept.channels
