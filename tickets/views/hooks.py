"""What machines post: alerts of one source. No session, no CSRF; the message proves itself."""

import json
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tenants.api.parsers import check_depth
from tenants.errors import Refused
from tenants.models import Hook
from tenants.scoping import tenant_scope
from tenants.services import hooks
from tenants.services.throttles import TooManyAttempts
from tickets.domain.alert_payloads import NotAnAlert, alerts_of
from tickets.models import AlertSource, Mailbox
from tickets.services import alerts as intake
from tickets.services.letters import take_in

DEEPEST = 12


class TooLarge(Refused):
    status = 413
    code = "too_large"


class NotJson(Refused):
    status = 400
    code = "not_json"


@csrf_exempt
@never_cache
@require_POST
def alerts(request: HttpRequest, public_id: str) -> JsonResponse:
    """
    Take in the alerts of a source: 202 with what became of them.

    401 without proof (also where there is no such source), 413, 400 and 422 for what is no message of
    its kind, 429 for too many. A signed message that comes again is 200 and changes nothing.
    """
    now = timezone.now()
    try:
        body = body_of(request, settings.HOOK_MOST_BYTES)
        hook = hooks.proved(public_id, request.headers, body, now)
        hooks.spend(hook, now)
        if not hooks.is_first(hook, request.headers, now):
            return JsonResponse({"replayed": True})
        with tenant_scope(hook.tenant_id):
            source = behind(hook, AlertSource)
            found = alerts_of(source.kind, document(body), ZoneInfo(source.timezone))
            taken = intake.take_in(source=source, alerts=found, now=now)
    except NotAnAlert as error:
        return refusal("not_an_alert", str(error), 422)
    except TooManyAttempts as error:
        response = refusal(error.code, str(error.message), 429)
        response["Retry-After"] = "60"
        return response
    except Refused as error:
        return refusal(error.code, str(error.message), error.status)
    return JsonResponse(taken.to_dict(), status=202)


@csrf_exempt
@never_cache
@require_POST
def mail(request: HttpRequest, public_id: str) -> JsonResponse:
    """
    Take in a letter that a mail provider posts as it came (message/rfc822): 202 with its state.

    The same letter again is 202 with what became of it. Refusals as above.
    """
    now = timezone.now()
    try:
        raw = body_of(request, settings.MAIL_MOST_BYTES)
        hook = hooks.proved(public_id, request.headers, raw, now)
        hooks.spend(hook, now)
        with tenant_scope(hook.tenant_id):
            mailbox = behind(hook, Mailbox)
            letter = take_in(mailbox=mailbox, raw=raw, received_at=now, now=now)
    except TooManyAttempts as error:
        return refusal(error.code, str(error.message), 429)
    except Refused as error:
        return refusal(error.code, str(error.message), error.status)
    return JsonResponse({"state": letter.state}, status=202)


def behind(hook: Hook, model: Any) -> Any:
    """:raises NotProved: if the door leads to something else: then this address is none."""
    if (row := model.objects.filter(public_id=hook.public_id).first()) is None:
        raise hooks.NotProved
    return row


def body_of(request: HttpRequest, most: int) -> bytes:
    """:raises TooLarge: if the message is longer than `most` bytes."""
    body = request.read(most + 1)
    if len(body) > most:
        raise TooLarge(f"A message has at most {most} bytes.")
    return body


def document(body: bytes) -> Any:
    """:raises NotJson: if the bytes are no JSON, or are nested too deep."""
    try:
        found = json.loads(body)
        check_depth(found, DEEPEST)
    except (ValueError, RecursionError):
        raise NotJson("The body is no JSON, or is nested too deep.") from None
    return found


def refusal(code: str, message: str, status: int) -> JsonResponse:
    return JsonResponse({"type": code, "detail": message}, status=status)
