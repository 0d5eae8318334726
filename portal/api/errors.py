"""
The one shape of every answer of 400 and above, wherever it was said no.

`{"type": ..., "errors": [{"code": ..., "detail": ..., "attr": ...}]}`: the code is for programs, the
detail names the way out in the reader's language, the attr names the field.
"""

from errno import EDQUOT, ENOSPC, EROFS

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from drf_standardized_errors.handler import ExceptionHandler
from rest_framework import exceptions

from portal.middleware import moved_on
from portal.request_limits import too_much
from tenants.api.errors import Conflict
from tenants.api.parsers import TooLarge
from tenants.errors import Invalid, NotPermitted, Refused
from tickets.domain.lifecycle import RoleNotAllowed, TransitionNotAllowed

SOMEBODY_ELSE_HAS_IT = {"55P03", "40P01", "40001"}  # lock timeout, deadlock, serialization
RETRY_AFTER = 1  # second
AS_THE_VIEWS = {"ensure_ascii": False, "separators": (",", ":")}


class Away(exceptions.APIException):
    status_code = 503
    default_code = "unavailable"
    wait = 5  # seconds


class NoRoom(exceptions.APIException):
    status_code = 507
    default_code = "no_room"


class Handler(ExceptionHandler):
    """Turns what our commands and the database refuse into answers; anything else is a 500."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, Refused):
            return refused(exc)
        if isinstance(exc, TransitionNotAllowed):
            return Conflict(moved_on(), "transition_not_allowed")
        if isinstance(exc, RoleNotAllowed):
            return exceptions.PermissionDenied(
                _("Your role does not take this step."), "role_not_allowed"
            )
        if isinstance(exc, OperationalError) and sqlstate(exc) in SOMEBODY_ELSE_HAS_IT:
            return Conflict(
                _("Somebody else is at it. Try again in a moment."), "busy", RETRY_AFTER
            )
        if isinstance(exc, SuspiciousOperation):
            return (
                TooLarge(over) if (over := too_much(exc)) else exceptions.ParseError(unreadable())
            )
        if isinstance(exc, Http404 | exceptions.NotFound):
            return exceptions.NotFound(nothing_here())
        return super().convert_known_exceptions(exc)

    def convert_unhandled_exceptions(self, exc: Exception) -> exceptions.APIException:
        if isinstance(exc, exceptions.APIException):
            return exc
        if isinstance(exc, OperationalError | InterfaceError):
            return Away(away_now())
        if is_full(exc):
            return NoRoom(no_room())
        return exceptions.APIException(failed_here())


def is_full(error: BaseException | None) -> bool:
    """Whether a disk has no room, or may not be written."""
    return isinstance(error, OSError) and error.errno in {ENOSPC, EDQUOT, EROFS}


def sqlstate(error: OperationalError) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


def refused(exc: Refused) -> exceptions.APIException:
    said = str(exc.message)
    if isinstance(exc, Invalid):
        field = exc.field or "non_field_errors"
        return exceptions.ValidationError({field: [exceptions.ErrorDetail(said, exc.code)]})
    if isinstance(exc, NotPermitted):
        return exceptions.PermissionDenied(said, exc.code)
    return Conflict(said, exc.code)


def failed(request: HttpRequest, *, away: bool) -> HttpResponse:
    """Return the answer for what nobody foresaw; `away` is a database that does not answer."""
    if away:
        return said(request, 503, "unavailable", away_now())
    return said(request, 500, "error", failed_here())


def away_now() -> str:
    return _("The database does not answer right now. Try again in a moment.")


def no_room() -> str:
    return _("There is no room on our disk right now. Nothing was changed; try again later.")


def unreadable() -> str:
    return _("The request cannot be read.")


def nothing_here() -> str:
    return _("There is nothing here, or it is not yours to see. Check the address.")


def failed_here() -> str:
    return _("Something went wrong on our side. Nothing was changed.")


def said(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    """Return an error in the API's shape from outside of its views; asks the database nothing."""
    kind = "client_error" if status < 500 else "server_error"
    error = {"code": code, "detail": detail, "attr": None}
    body = {"type": kind, "errors": [error]}
    return JsonResponse(body, status=status, json_dumps_params=AS_THE_VIEWS)
