"""Single sign-on: the way to the provider, the way back, and taking the binding off (ADR 21)."""

import logging

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from portal.accounts.sign_in import ask_for_code, let_in, wanted
from tenants import provider
from tenants.addresses import client_address, net_of
from tenants.errors import Refused
from tenants.fresh import fresh_sign_in
from tenants.services import second_factor, sign_on, throttles
from tenants.services.throttles import TooManyAttempts

log = logging.getLogger(__name__)
WANTED = "sign_on_next"
WORDS: dict[type[Exception], Promise] = {
    provider.Away: gettext_lazy(
        "It does not answer right now. Try again in a few minutes, or sign in with your password."
    ),
    provider.Denied: gettext_lazy(
        "It was not allowed to tell us who you are, so nobody is signed in."
    ),
    provider.Stale: gettext_lazy("This sign-in was used already or took too long. Begin again."),
    provider.Untrue: gettext_lazy(
        "What it told us does not prove who you are. Begin again; if this comes back,"
        " tell your account manager."
    ),
}


@never_cache
@require_GET
def go(request: HttpRequest) -> HttpResponse:
    """Lead to the provider's own page."""
    require_on()
    if request.user.is_authenticated:
        return redirect(wanted(request))
    request.session[WANTED] = wanted(request)
    try:
        throttles.check(throttles.NET, net_of(client_address(request)), timezone.now())
        return provider.way_there(
            request, settings.PORTAL_URL.rstrip("/") + reverse("sign-on-back")
        )
    except TooManyAttempts as refused:
        return failed(request, str(refused.message), 429)
    except provider.Away as error:
        return not_signed_in(request, error)


@never_cache
@require_GET
def come_back(request: HttpRequest) -> HttpResponse:
    """Let in who the provider proves; a failure is counted where wrong passwords are."""
    require_on()
    if request.user.is_authenticated:
        return redirect("home")
    now, net = timezone.now(), net_of(client_address(request))
    try:
        throttles.check(throttles.NET, net, now)
        told = provider.way_back(request)
        user = sign_on.person_of(told, now)
    except TooManyAttempts as refused:
        return failed(request, str(refused.message), 429)
    except Refused as refused:
        throttles.spend(throttles.NET, net, now)
        log.warning("Single sign-on refused: %s", refused.code)
        return failed(request, str(refused.message))
    except tuple(WORDS) as error:
        return not_signed_in(request, error)
    to = request.session.get(WANTED, "/")
    if second_factor.has_one(user) and not told.by_second_factor:
        return ask_for_code(request, user, to)
    return let_in(request, user, to, by_code=told.by_second_factor)


def require_on() -> None:
    """:raises Http404: if the portal has no provider."""
    if not provider.is_on():
        raise Http404


def not_signed_in(request: HttpRequest, error: Exception) -> HttpResponse:
    """Say why; what proves nothing is counted, so the answer is 200: a 4xx would take it back."""
    cause = f": {error.__cause__!r}" if error.__cause__ else ""
    log.warning("Single sign-on failed: %s%s", type(error).__name__, cause)
    if isinstance(error, provider.Untrue):
        throttles.spend(throttles.NET, net_of(client_address(request)), timezone.now())
    return failed(
        request, str(WORDS[type(error)]), 503 if isinstance(error, provider.Away) else 200
    )


def failed(request: HttpRequest, why: str, status: int = 200) -> HttpResponse:
    context = {"why": why, "name": settings.OIDC_NAME, "next": request.session.get(WANTED, "/")}
    return render(request, "accounts/sign_on_failed.html", context, status=status)


@require_POST
@fresh_sign_in
def take_off(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take the person's own binding off; another's is 404."""
    if not sign_on.unbind(user=request.user, public_id=public_id, now=timezone.now()):
        raise Http404
    messages.success(request, _("That account signs you in here no more."))
    return redirect("me")
