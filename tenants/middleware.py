"""A request is one transaction inside one scope: the memberships of whoever signed in."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import BigIntegerField
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from tenants.addresses import client_address
from tenants.models import Membership
from tenants.origin import coming_from
from tenants.prepared import Prepared, Slot
from tenants.scoping import acting_as, tenant_scope
from tenants.services.tokens import usable_token

API = "/api/"
HOOKS = "/hooks/"
DESKS = Prepared(
    lambda: (
        Membership.own.of(Slot("user", BigIntegerField())).select_related("tenant").order_by("pk")
    )
)
Next = Callable[[HttpRequest], HttpResponse]


class TokenMiddleware:
    """
    Lets a token stand for its person, in the API only.

    Who brings an `Authorization` header is known by it or by nobody: a session beside it is not
    asked. `tenants.api.authentication` says no to whoever is nobody. Machines at the doors
    (`tenants.services.hooks`) are nobody: what they prove opens a scope, never a session.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.token = None
        if request.path.startswith(API) and (said := request.headers.get("Authorization")):
            scheme, _space, secret = said.partition(" ")
            if scheme.lower() == "bearer":
                request.token = usable_token(secret.strip(), timezone.now())
            request.user = request.token.user if request.token else AnonymousUser()
        elif request.path.startswith(HOOKS):
            request.user = AnonymousUser()
        return self.get_response(request)


class PersonMiddleware:
    """
    Shows everything in the language and time zone of the person; before sign-in, the browser's.

    The API answers in the language that is asked for, where one is.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        asked = request.path.startswith(API) and "Accept-Language" in request.headers
        if user.is_authenticated:
            language, zone = user.language, ZoneInfo(user.timezone)
            if asked:
                language = translation.get_language_from_request(request)
        else:
            language, zone = translation.get_language_from_request(request), None
        with translation.override(language), timezone.override(zone):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            if asked or not user.is_authenticated:
                patch_vary_headers(response, ["Accept-Language"])
            response.headers.setdefault("Content-Language", translation.get_language())
            return response


class ScopeMiddleware:
    """
    Opens the transaction and the scope, and takes everything back when the answer is an error.

    The session may name one tenant (`one_tenant`), which narrows the scope to it; so do the tenants
    of a token.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic(), coming_from(client_address(request)):
            response = self.in_scope(request)
            if response.status_code >= 400:
                transaction.set_rollback(True)
            return response

    def in_scope(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            request.memberships = []
            return self.get_response(request)
        with acting_as(request.user.pk):
            request.all_memberships = DESKS.all(user=request.user.pk)
            for membership in request.all_memberships:
                membership.user = request.user
            request.memberships = self.chosen(request)
            with tenant_scope(*{m.tenant_id for m in request.memberships}):
                return self.get_response(request)

    def chosen(self, request: HttpRequest) -> list[Membership]:
        if (token := getattr(request, "token", None)) is not None:
            return [m for m in request.all_memberships if m.tenant_id in token.tenants]
        one = request.session.get("one_tenant")
        chosen = [m for m in request.all_memberships if m.tenant_id == one]
        return chosen or request.all_memberships
