"""
Who may administer: a client's account managers, each for the clients where they are one.

There is no one above them. What belongs to no client (the portal's own jobs) every account manager
sees, and it holds no content.
"""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from tenants.errors import NotPermitted
from tenants.models import Membership
from tenants.roles import Role

View = Callable[..., HttpResponse]


def managed(request: HttpRequest) -> list[Membership]:
    """Return the seats at which this person is account manager, of the clients on screen."""
    return [seat for seat in request.memberships if seat.role == Role.ACCOUNT_MANAGER]


def for_managers(view: View) -> View:
    """Let account managers in; to everybody else the page is 403."""

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not managed(request):
            raise NotPermitted(_("Only account managers open this page."))
        return view(request, *args, **kwargs)

    return guarded


def seat_at(request: HttpRequest, code: str) -> Membership:
    """
    Return the person's seat as account manager of the client.

    :raises Http404: if they do not belong to it, as if it never was.
    :raises NotPermitted: if they belong to it at other desks only.
    """
    here = [seat for seat in request.memberships if seat.tenant.code == code]
    if not here:
        raise Http404
    for seat in here:
        if seat.role == Role.ACCOUNT_MANAGER:
            return seat
    raise NotPermitted(_("Only this client's account managers do this."))
