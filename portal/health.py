"""
What a load balancer and a monitoring system ask. Answered before sessions and transactions begin:
a database that is away must not turn the answer into an error page.

`/healthz` says that the process answers. `/readyz` says that it can serve: the database answers
under the app's role and knows every migration, and this host's clock is the database's. A broker
that is away is said and no reason to take a host out: the database is the record (ADR 3).
`/metrics` wants the token of METRICS_TOKEN.
"""

import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

from portal import figures
from tenants import clock_check


class HealthMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = ANSWERS.get(request.path_info)
        if answer is None or request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        response = answer(request)
        response.headers["Cache-Control"] = "no-store"
        return response


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    found = {"database": database(), "broker": broker()}
    if found["database"] == "ok" and (seconds := clock_check.is_off()):
        found["clock"] = f"{seconds} s off"
    ready = found["database"] == "ok" and "clock" not in found
    return JsonResponse({"ready": ready, **found}, status=200 if ready else 503)


def database() -> str:
    """Return `ok`, `away`, or `migrations missing`; a host that is being upgraded waits for them."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "away"
    return "migrations missing" if missing else "ok"


def broker() -> str:
    """Return `ok` or `away` of Redis, and `folder` where the broker is one."""
    if not settings.REDIS_URL:
        return "folder"
    try:
        cache.set("portal.readyz", "1", timeout=10)
    except (OSError, RedisError):
        return "away"
    return "ok"


def metrics(request: HttpRequest) -> HttpResponse:
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    told = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not secrets.compare_digest(told.encode(), wanted.encode()):
        return HttpResponse(status=404)
    try:
        return HttpResponse(figures.exposition(), content_type=figures.CONTENT_TYPE)
    except DatabaseError:
        return HttpResponse("The database is away.\n", status=503, content_type="text/plain")


ANSWERS = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
