"""
One line a request, and every line with the request and the clients it was about.

Paths are logged without their query, and without whatever in them could open a door: a part of a path as long
as a reset or invitation token is cut.
"""

import json
import logging
import re
import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

from tenants.scoping import active_tenants

log = logging.getLogger("portal.request")
_request_id: ContextVar[str] = ContextVar("request_id", default="")

NAMED_BY_PROXY = re.compile(r"[A-Za-z0-9_-]{8,64}")
COULD_BE_A_SECRET = re.compile(r"[^/]{25,}")


def request_id() -> str:
    """Return the id of the request being answered; empty outside of one."""
    return _request_id.get()


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON: time (UTC), level, logger, message, and what it is about."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := request_id():
            line["request"] = request
        if tenants := active_tenants():
            line["tenants"] = sorted(tenants)
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class RequestLogMiddleware:
    """Names each request, tells the client its name, and writes one line when it is answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        told = request.headers.get("X-Request-ID", "")
        name = told if NAMED_BY_PROXY.fullmatch(told) else secrets.token_urlsafe(9)
        token, began = _request_id.set(name), time.perf_counter()
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = name
            log.info("answered", extra={"fields": about(request, response, began)})
            return response
        finally:
            _request_id.reset(token)


def about(request: HttpRequest, response: HttpResponse, began: float) -> dict[str, object]:
    memberships = getattr(request, "memberships", None) or []
    return {
        "method": request.method,
        "path": COULD_BE_A_SECRET.sub("…", request.path),
        "status": response.status_code,
        "ms": round((time.perf_counter() - began) * 1000, 1),
        "person": memberships[0].user_id if memberships else None,
    }
