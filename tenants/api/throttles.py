"""
How often a token, a person or an address may ask.

Counted in Django's cache: with Redis over all processes, without it by each process for itself. A
Redis that is away limits nobody: who writes to us loses nothing by it. What guards passwords is counted
in the database (`tenants.services.throttles`).
"""

import logging

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

log = logging.getLogger(__name__)


class PersonThrottle(SimpleRateThrottle):
    scope = "person"

    def __init__(self) -> None:
        self.THROTTLE_RATES = api_settings.DEFAULT_THROTTLE_RATES  # as it is now, not at import
        super().__init__()

    def allow_request(self, request: Request, view) -> bool:
        try:
            return super().allow_request(request, view)
        except (OSError, RedisError) as error:
            log.warning("Redis does not count requests: %s", type(error).__name__)
            return True

    def get_cache_key(self, request: Request, view) -> str | None:
        if request.auth is not None:
            return f"throttle:token:{request.auth.pk}"
        if request.user.is_authenticated:
            return f"throttle:person:{request.user.pk}"
        return f"throttle:address:{self.get_ident(request)}"
