"""A forgotten password: ask for a link, open it once, choose a new one."""

from contextlib import suppress

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal.accounts.forms import ForgottenForm, NewPasswordForm
from tenants.addresses import client_address, net_of
from tenants.models import LinkKind, User
from tenants.services import links, people, throttles
from tenants.services.signing_in import normal
from tenants.services.throttles import TooManyAttempts

OPENED = "opened_link"


@never_cache
@require_http_methods(["GET", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Say the same to everybody, whether the address is known, unknown, or asks too often."""
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    if not (form.is_bound and form.is_valid()):
        return render(request, "accounts/forgotten.html", {"form": form})
    now = timezone.now()
    try:
        throttles.spend(throttles.RESET_NET, net_of(client_address(request)), now)
    except TooManyAttempts as refused:
        form.add_error(None, str(refused.message))
        return render(request, "accounts/forgotten.html", {"form": form}, status=429)
    with suppress(TooManyAttempts):  # then three mails are on their way already
        people.ask_for_reset(email=normal(form.cleaned_data["email"]), now=now)
    return render(request, "accounts/forgotten_sent.html", {"email": form.cleaned_data["email"]})


def opened(request: HttpRequest) -> str | None:
    """
    Return the hash of the link that was opened; None when the address still holds its secret.

    The secret leaves the address at once and is kept nowhere: the session holds its hash.
    """
    if secret := request.GET.get("k"):
        request.session[OPENED] = links.digest_of(secret)
        return None
    return request.session.get(OPENED, "")


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """Choose a new password at the end of a mailed link."""
    digest = opened(request)
    if digest is None:
        return redirect("new-password")
    now = timezone.now()
    try:
        link = links.usable(digest, LinkKind.RESET, now)
    except links.LinkDead as dead:
        return render(request, "accounts/link_dead.html", {"message": dead.message}, status=410)
    form = NewPasswordForm(
        request.POST if request.method == "POST" else None,
        user=User.objects.get(pk=link.user_id),
    )
    if form.is_bound and form.is_valid():
        people.reset_password(digest=digest, password=form.cleaned_data["password"], now=now)
        request.session.flush()
        messages.success(request, _("Your password is changed. Sign in with the new one."))
        return redirect("sign-in")
    return render(request, "accounts/new_password.html", {"form": form})
