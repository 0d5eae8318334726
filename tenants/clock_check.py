"""
Does this host know what time it is? The database's clock is everybody's.

A host that runs ahead would record misses that have not happened, and a miss is final. One whose clock
is off by more than CLOCK_MOST_SKEW seconds does no background work and is not ready to serve.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

log = logging.getLogger(__name__)


def skew() -> timedelta:
    """Return how far this host's clock is ahead of the database's; negative where it is behind."""
    with connection.cursor() as cursor:
        before = timezone.now()
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    return before + (timezone.now() - before) / 2 - theirs


def is_off() -> int:
    """Return by how many seconds the clock is off where that is too much, else 0."""
    if not settings.CLOCK_MOST_SKEW:
        return 0
    seconds = round(skew().total_seconds())
    if abs(seconds) <= settings.CLOCK_MOST_SKEW:
        return 0
    log.error("This host's clock is %s s off the database's: it does no background work.", seconds)
    return seconds
