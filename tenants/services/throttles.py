"""
How often something may be tried. Counted in the database, so it holds across processes and hosts.

A request is one transaction: an attempt locks its count until the answer stands, so attempts at one
account run one after the other and none slips past the limit. An answer of 400 or more takes the
count back, which only a refusal for too many attempts gives.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import ngettext

from tenants.errors import Refused
from tenants.models import Throttle


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` attempts in a window of `within`, which begins with the first."""

    what: str
    most: int
    within: timedelta


QUARTER = timedelta(minutes=15)
PASSWORD = Limit("password", 5, QUARTER)  # wrong ones, by account: the sixth is refused
CODE = Limit("code", 5, QUARTER)  # wrong codes of the second step, by account
NET = Limit("net", 100, QUARTER)  # wrong ones from one place, over all accounts
RESET = Limit("reset", 3, timedelta(hours=1))  # mails to one address
RESET_NET = Limit("reset-net", 30, timedelta(hours=1))


class TooManyAttempts(Refused):
    """Somebody tried too often, and waits."""

    status = 429
    code = "too_many_attempts"

    def __init__(self, until: datetime, now: datetime) -> None:
        minutes = max(1, -(-(until - now) // timedelta(minutes=1)))
        super().__init__(
            ngettext(
                "Too many attempts. Try again in %(minutes)d minute.",
                "Too many attempts. Try again in %(minutes)d minutes.",
                minutes,
            )
            % {"minutes": minutes}
        )


def key_of(limit: Limit, who: str) -> str:
    """Return the name of a count: nobody reads an address or an e-mail out of the table."""
    said = f"{limit.what}:{who}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), said, hashlib.sha256).hexdigest()


def spend(limit: Limit, who: str, now: datetime) -> None:
    """
    Count one attempt, and keep the count locked until the transaction ends.

    :raises TooManyAttempts: if the window has no attempt left.
    """
    key = key_of(limit, who)
    check(limit, who, now)  # whoever is refused anyway does not wait for the lock
    fresh = Throttle(key=key, ends_at=now + limit.within)
    Throttle.objects.bulk_create([fresh], ignore_conflicts=True)
    row = Throttle.objects.select_for_update().get(key=key)
    if row.ends_at <= now:
        row.count, row.ends_at = 0, now + limit.within
    if row.count >= limit.most:
        raise TooManyAttempts(row.ends_at, now)
    row.count += 1
    row.save(update_fields=["count", "ends_at"])


def check(limit: Limit, who: str, now: datetime) -> None:
    """:raises TooManyAttempts: if the window has no attempt left; counts nothing."""
    spent = Throttle.objects.filter(
        key=key_of(limit, who), count__gte=limit.most, ends_at__gt=now
    ).first()
    if spent:
        raise TooManyAttempts(spent.ends_at, now)


def forgive(limit: Limit, who: str) -> None:
    """Forget what was counted: it was the right person."""
    Throttle.objects.filter(key=key_of(limit, who)).update(
        count=0
    )  # a waiting attempt keeps its row
