"""My settings: name, language and zone; password; second factor; sessions."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.forms import ChangePasswordForm, ProfileForm
from tenants import provider, sessions
from tenants.addresses import client_address, net_of
from tenants.fresh import fresh_sign_in
from tenants.models import Session
from tenants.services import people, second_factor, sign_on, throttles
from tenants.services.throttles import TooManyAttempts


@require_http_methods(["GET", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    user = request.user
    now_set = {"name": user.name, "language": user.language, "timezone": user.timezone}
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=now_set)
    if form.is_bound and form.is_valid():
        people.change_profile(user=user, **form.cleaned_data)
        messages.success(request, _("Your settings are saved."))
        return redirect("me")
    return render(
        request, "accounts/me.html", mine(request, form), status=422 if form.errors else 200
    )


def mine(request: HttpRequest, form: ProfileForm) -> dict[str, object]:
    now = timezone.now()
    found = sessions.of(request.user, now)
    here = Session.public_id_of(request.session.session_key or "")
    has_one = second_factor.has_one(request.user)
    return {
        "form": form,
        "now": now,
        "sessions": [(row, row.public_id == here) for row in found],
        "has_second_factor": has_one,
        "sign_ons": sign_on.of(request.user) if provider.is_on() else [],
        "provider": provider.name(),
        "codes_left": second_factor.codes_left(request.user) if has_one else 0,
    }


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; whoever does it knows the one until now."""
    form = ChangePasswordForm(request.POST if request.method == "POST" else None, user=request.user)
    status = 200
    if form.is_bound and form.is_valid():
        status = check_current(request, form)
        if not form.errors:
            return changed(request, form.cleaned_data["password"])
    return render(request, "accounts/password.html", {"form": form}, status=status)


def check_current(request: HttpRequest, form: ChangePasswordForm) -> int:
    """Hold the password until now against the limit of the account; return the answer's status."""
    now, email = timezone.now(), request.user.email
    try:
        throttles.check(throttles.NET, net_of(client_address(request)), now)
        throttles.spend(throttles.PASSWORD, email, now)
    except TooManyAttempts as refused:
        form.add_error("current", str(refused.message))
        return 429
    if request.user.check_password(form.cleaned_data["current"]):
        throttles.forgive(throttles.PASSWORD, email)
    else:
        form.add_error("current", _("This is not your password."))
    return 200


def changed(request: HttpRequest, new: str) -> HttpResponse:
    now = timezone.now()
    people.change_password(
        user=request.user, password=new, keep=request.session.session_key, now=now
    )
    update_session_auth_hash(request, request.user)  # a new key for this session too
    request.session["proved_at"] = now.isoformat()
    messages.success(request, _("Your password is changed. Your other sessions have ended."))
    return redirect("me")


@require_POST
def end_session(request: HttpRequest, public_id: str) -> HttpResponse:
    """Sign out one session of the person; another's is 404."""
    ended, _rows = Session.objects.filter(user=request.user, public_id=public_id).delete()
    if not ended:
        raise Http404
    messages.success(request, _("That session has ended."))
    return redirect("me")


@require_POST
@fresh_sign_in
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    sessions.end_all(request.user, but=request.session.session_key)
    messages.success(request, _("Your other sessions have ended."))
    return redirect("me")
