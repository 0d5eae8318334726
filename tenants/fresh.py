"""
Sensitive steps ask again who is there, when the last proof is old.

    path("...", login_required(fresh_sign_in(approve)))

The guard lets reading through. A step that is sent with an old proof comes back as a page that asks
for the password, or for a code where the person has a second factor, and holds what was typed and
the files that were chosen (tenants/waiting_files.py); sent again with the proof, the step goes on.
`is_fresh(request)` answers for an API call of a session.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import waiting_files
from tenants.addresses import client_address, net_of
from tenants.models import User
from tenants.services import second_factor, throttles
from tenants.services.throttles import TooManyAttempts
from tenants.sessions import instant

PROOF = "proof_of_person"
View = Callable[..., HttpResponse]


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person proved who they are within the last `FRESH_MINUTES`."""
    proved = instant(request.session, "proved_at")
    return bool(proved and timezone.now() < proved + timedelta(minutes=settings.FRESH_MINUTES))


def fresh_sign_in(view: View) -> View:
    """Guard a view whose POST needs a fresh proof of who is there; use it inside login_required."""

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.method in {"GET", "HEAD", "OPTIONS"} or is_fresh(request):
            return view(request, *args, **kwargs)
        if not (proof := request.POST.get(PROOF, "")):
            return ask(request)
        try:
            proved = proves(request.user, proof, net_of(client_address(request)))
        except TooManyAttempts as refused:
            return ask(request, str(refused.message))
        if not proved:
            return ask(request, _("That is not right. Try again."))
        request.session["proved_at"] = timezone.now().isoformat()
        return go_on(view, request, *args, **kwargs)

    return guarded


def go_on(view: View, request: HttpRequest, *args, **kwargs) -> HttpResponse:
    """Take the step with the files that waited; what it took in waits no longer."""
    waiting_files.put_back(request)
    response = view(request, *args, **kwargs)
    if request.POST.get(waiting_files.KEPT) and response.status_code < 400:
        waiting_files.drop(request)
    return response


def proves(user: User, proof: str, net: str) -> bool:
    """
    Whether it is the person's code, or the password of one without a second factor.

    :raises TooManyAttempts: after five wrong ones; the same count as at signing in.
    """
    now = timezone.now()
    if second_factor.has_one(user):
        return second_factor.accepts(user=user, code=proof, now=now)
    throttles.check(throttles.NET, net, now)
    throttles.spend(throttles.PASSWORD, user.email, now)
    if not user.check_password(proof):
        return False
    throttles.forgive(throttles.PASSWORD, user.email)
    return True


def ask(request: HttpRequest, error: str = "") -> HttpResponse:
    """Return the question with everything that was typed; 200, or the count would be taken back."""
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in {PROOF, waiting_files.KEPT, "csrfmiddlewaretoken"}
    ]
    waiting_files.keep(request)
    context = {
        "typed": typed,
        "action": request.get_full_path(),
        "waiting": waiting_files.waiting_for(request),
        "by_code": second_factor.has_one(request.user),
        "error": error,
        "proof": PROOF,
    }
    if not request.htmx:
        return render(request, "accounts/prove.html", context)
    response = render(request, "accounts/_prove.html", context)
    response["HX-Retarget"], response["HX-Reswap"] = "#alert", "innerHTML"
    return response
