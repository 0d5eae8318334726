"""The pages that say no. They ask the database nothing: the transaction may already be broken."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from portal.api import errors as api
from portal.logs import request_id
from portal.request_limits import too_much
from tenants.middleware import API

SECONDS_TO_WAIT = 5


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return api.said(request, 404, "not_found", api.nothing_here())
    return said(request, "404.html", 404, _("There is no such page"))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return api.said(request, 403, "permission_denied", _("You may not open this page"))
    return said(request, "403.html", 403, _("You may not open this page"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if detail := too_much(exception):
        if request.path.startswith(API):
            return api.said(request, 413, "too_large", detail)
        return said(request, "413.html", 413, detail)
    if request.path.startswith(API):
        return api.said(request, 400, "bad_request", api.unreadable())
    return said(request, "400.html", 400, api.unreadable())


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    title = _("This form is too old")
    if getattr(request, "htmx", False):
        title = _("You signed in or out since this page was opened. Reload it and send it again.")
    return said(request, "403_csrf.html", 403, title)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer what nobody foresaw; a database that is away, locked or too slow is only a matter of time."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    if api.is_full(sys.exc_info()[1]):
        return full(request)
    if request.path.startswith(API):
        response = api.failed(request, away=away)
    elif away:
        response = said(request, "503.html", 503, _("The database does not answer right now"))
    else:
        return said(request, "500.html", 500, _("Something went wrong on our side"))
    if away:
        response.headers["Retry-After"] = str(SECONDS_TO_WAIT)
    return response


def full(request: HttpRequest) -> HttpResponse:
    """Answer that a disk has no room: another try helps once somebody has made some."""
    if request.path.startswith(API):
        return api.said(request, 507, "no_room", api.no_room())
    return said(request, "507.html", 507, _("There is no room on our disk right now"))


def said(request: HttpRequest, template: str, status: int, title: str) -> HttpResponse:
    """Return the page, or one line for htmx to put into the alert slot."""
    if getattr(request, "htmx", False):
        line = render_to_string("components/_alert.html", {"message": title})
        return HttpResponse(line, status=status)
    context = {"request_name": request_id() if status >= 500 else "", "detail": title}
    return HttpResponse(render_to_string(template, context), status=status)
