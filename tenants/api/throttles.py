"""
How often a token, a person or an address may ask.

Counted in Django's cache: with Redis over all processes, without it by each process for itself.
"""

from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle


class PersonThrottle(SimpleRateThrottle):
    scope = "person"

    def __init__(self) -> None:
        self.THROTTLE_RATES = api_settings.DEFAULT_THROTTLE_RATES  # as it is now, not at import
        super().__init__()

    def get_cache_key(self, request: Request, view) -> str | None:
        if request.auth is not None:
            return f"throttle:token:{request.auth.pk}"
        if request.user.is_authenticated:
            return f"throttle:person:{request.user.pk}"
        return f"throttle:address:{self.get_ident(request)}"
