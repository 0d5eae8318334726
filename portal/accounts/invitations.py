"""The end of an invitation's link: take the seat that is offered."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal.accounts.forms import TakeSeatForm
from portal.accounts.passwords import opened
from portal.accounts.sign_in import let_in
from tenants.models import Invitation, User
from tenants.services import invitations, links


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def take_seat(request: HttpRequest) -> HttpResponse:
    digest = opened(request)
    if digest is None:
        return redirect("invitation")
    if request.user.is_authenticated:  # another person may sit here, in a narrower scope
        return render(request, "accounts/invitation_signed_in.html")
    now = timezone.now()
    try:
        _link, invitation = invitations.opened(digest, now)
    except links.LinkDead as dead:
        return render(request, "accounts/link_dead.html", {"message": dead.message}, status=410)
    if User.objects.filter(email=invitation.email).exists():
        return known_person(request, invitation, digest, now)
    return somebody_new(request, invitation, digest, now)


def known_person(request, invitation: Invitation, digest: str, now) -> HttpResponse:
    """Add the seat to who is known already; they sign in as ever."""
    if request.method == "POST":
        invitations.accept(digest=digest, now=now)
        request.session.flush()
        messages.success(request, _("The seat is yours. Sign in as always."))
        return redirect("sign-in")
    return render(request, "accounts/invitation.html", {"invitation": invitation})


def somebody_new(request, invitation: Invitation, digest: str, now) -> HttpResponse:
    form = TakeSeatForm(
        request.POST if request.method == "POST" else None,
        user=User(email=invitation.email, name=request.POST.get("name", "")),
        initial={"language": get_language(), "timezone": invitation.tenant.timezone},
    )
    if form.is_bound and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("password", *form.PROFILE)}
        user, _seat = invitations.accept(digest=digest, now=now, **said)
        return let_in(request, user, "/")
    context = {"invitation": invitation, "form": form}
    return render(request, "accounts/invitation.html", context, status=422 if form.errors else 200)
