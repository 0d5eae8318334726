"""What a session must be before it may do anything: in use, and with a second factor where asked."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from tenants import sessions
from tenants.middleware import API
from tenants.services.second_factor import demanded

OPEN = {"second-factor", "sign-in", "sign-out", "set-language"}


class AccountMiddleware:
    """Notes that a session is in use, and leads one that lacks a demanded second factor to it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and request.session.session_key:
            sessions.seen(request, timezone.now())
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        if not request.user.is_authenticated or request.token is not None:
            return None  # a token was made in a session that had its second factor
        if request.session.get("second_factor"):
            return None
        if demanded(request.all_memberships) and request.resolver_match.view_name not in OPEN:
            if request.path.startswith(API):
                raise PermissionDenied
            return redirect("second-factor")
        return None
