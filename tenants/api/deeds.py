"""An action that changes something: find it, read the body, do it once, answer as it is then."""

import re
from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.idempotency import once
from tenants.api.serializers import Nothing

FORM = "multipart/form-data"
Deed = Callable[..., Any]


def deed(
    operation: str,
    path: str | None = None,
    body: type[serializers.Serializer] = Nothing,
    answers: type[serializers.Serializer] | None = None,
    *,
    status: int = 0,
    method: str = "post",
    verb: str | None = None,
    files: bool = False,
) -> Callable[[Deed], Callable[..., Response]]:
    """
    Make an action of a method that takes what was found, `now` and the body, and returns a shape.

    The viewset's `found` looks up what the address names; another client's is 404 there. Without a
    `path` the method is one that a router knows (`create`, `partial_update`, `destroy`). `files`
    takes a form in place of JSON. Nothing to answer is 204.
    """
    status = status or (200 if answers else 204)

    def decorate(do: Deed) -> Callable[..., Response]:
        def take(viewset: Any, request: Request, **names: Any) -> Response:
            found = viewset.found(**names)
            told = viewset.told(body, **viewset.context_for(found))

            def act() -> Response:
                return Response(do(viewset, found, now=timezone.now(), **told), status)

            of_a_client = found.tenant_id is not None  # else a job of the portal's own
            return once(request, found.tenant_id, act) if of_a_client else act()

        take.__name__, take.__doc__ = do.__name__, do.__doc__
        if path is not None:
            extra = {"parser_classes": [MultiPartParser]} if files else {}
            take = action(detail=True, methods=[method], url_path=path, verb=verb, **extra)(take)
        return extend_schema(  # after `action`, which begins with nothing described
            operation_id=operation,
            summary=summary_of(do),
            request={FORM: body} if files else body,
            responses={status: answers},
        )(take)

    return decorate


def summary_of(command: Callable[..., Any]) -> str:
    """Return the first words of what a command says of itself."""
    return re.split(r"[.;:](?:\s|$)", (command.__doc__ or "").strip(), maxsplit=1)[0]
