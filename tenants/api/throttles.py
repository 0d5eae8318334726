"""How often a token, a person or an address may ask; counted over all processes by `services.rates`."""

from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

from tenants.services.rates import RATES


class PersonThrottle(SimpleRateThrottle):
    scope = "person"

    def __init__(self) -> None:
        self.THROTTLE_RATES = api_settings.DEFAULT_THROTTLE_RATES  # as it is now, not at import
        self.seconds = 0.0
        super().__init__()

    def allow_request(self, request: Request, view) -> bool:
        """Count the request; `TokenMiddleware` tells the other processes once it is over."""
        if self.rate is None:
            return True
        who = self.get_cache_key(request, view)
        self.seconds = RATES.spend(who, self.num_requests, self.duration)
        request._request.counted = (who, self.num_requests)
        return not self.seconds

    def wait(self) -> float:
        return self.seconds

    def get_cache_key(self, request: Request, view) -> str:
        if request.auth is not None:
            return f"token:{request.auth.pk}"
        if request.user.is_authenticated:
            return f"person:{request.user.pk}"
        return f"address:{self.get_ident(request)}"
