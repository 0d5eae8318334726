"""Signing in: the password, then the second step where the person has one."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal.accounts.forms import CodeForm, SignInForm
from tenants import provider, sessions
from tenants.models import User
from tenants.services import second_factor
from tenants.services.throttles import TooManyAttempts

HALF = "half_signed_in"
HALF_FOR = timedelta(minutes=10)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(wanted(request))
    form = SignInForm(request, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        if second_factor.has_one(form.user):
            return ask_for_code(request, form.user, wanted(request))
        return let_in(request, form.user, wanted(request))
    status = 429 if form.refused else 200  # 4xx would take the count of the attempt back
    context = {"form": form, "next": wanted(request), "provider": provider.name()}
    return render(request, "sign_in.html", context, status=status)


def wanted(request: HttpRequest) -> str:
    """Return where the person wanted to go, if that is one of our own pages; else home."""
    address = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if safe and address.startswith("/") else "/"


def let_in(request: HttpRequest, user: User, to: str, *, by_code: bool = False) -> HttpResponse:
    """Begin a new session, under a new key, and go on."""
    request.session.flush()
    login(request, user, backend=BACKEND)
    request.session["second_factor"] = by_code
    return redirect(to)


def ask_for_code(request: HttpRequest, user: User, to: str) -> HttpResponse:
    request.session.flush()
    request.session[HALF] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),  # a new password ends the half way too
        "at": timezone.now().isoformat(),
        "next": to,
    }
    return redirect("sign-in-code")


def half_signed_in(request: HttpRequest, now: datetime) -> tuple[User | None, str]:
    """Return who gave the right password within the last ten minutes, and where they want to go."""
    half = request.session.get(HALF)
    if not half or datetime.fromisoformat(half["at"]) + HALF_FOR <= now:
        return None, "/"
    user = User.objects.filter(pk=half["user"], is_active=True).first()
    if user is None or user.get_session_auth_hash() != half["password"]:
        return None, "/"
    return user, half["next"]


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    user, to = half_signed_in(request, now)
    if user is None:
        messages.error(request, _("That took too long. Please sign in again."))
        return redirect("sign-in")
    form = CodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound and form.is_valid():
        try:
            if second_factor.accepts(user=user, code=form.cleaned_data["code"], now=now):
                return let_in(request, user, to, by_code=True)
            form.add_error("code", _("The code does not match, or it was used already."))
        except TooManyAttempts as refused:
            form.add_error("code", str(refused.message))
            status = 429
    return render(request, "accounts/code.html", {"form": form}, status=status)


def note_session(sender, request: HttpRequest, user: User, **kwargs) -> None:
    sessions.signed_in(request, timezone.now())
