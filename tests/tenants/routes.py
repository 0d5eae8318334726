"""A few plain routes that show what a request has around it."""

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import include, path
from django.utils import timezone, translation

from contracts.models import Contract
from tenants.errors import NotPermitted
from tenants.models import Tenant
from tenants.scoping import acting_user, active_tenants


def write(request: HttpRequest, status: int) -> HttpResponse:
    Tenant.objects.create(code="WRITTEN", name="Written")
    return HttpResponse(status=status)


def crash(request: HttpRequest) -> HttpResponse:
    Tenant.objects.create(code="WRITTEN", name="Written")
    raise ZeroDivisionError


def broken(request: HttpRequest) -> HttpResponse:
    Tenant.objects.create(code="WRITTEN", name="Written")
    connection.cursor().execute("SELECT 1 / 0")
    return HttpResponse()


def refuse(request: HttpRequest) -> HttpResponse:
    Tenant.objects.create(code="WRITTEN", name="Written")
    raise NotPermitted("Not your desk.")


def missing(request: HttpRequest) -> HttpResponse:
    Tenant.objects.create(code="WRITTEN", name="Written")
    raise Http404


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Ask the database for what a page shows around its content."""
    return HttpResponse(f"{Contract.objects.count()} contracts", status=404)


def numbers(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM contracts_contract ORDER BY number")
        raw = [row[0] for row in cursor.fetchall()]
    orm = list(Contract.objects.order_by("number").values_list("number", flat=True))
    return JsonResponse({"raw": raw, "orm": orm})


def lazy(request: HttpRequest) -> HttpResponse:
    template = engines["django"].from_string("{% for row in rows %}{{ row.number }} {% endfor %}")
    return TemplateResponse(request, template, {"rows": Contract.objects.order_by("number")})


def stream(request: HttpRequest) -> HttpResponse:
    def read():
        for row in Contract.objects.all():
            yield row.number

    return StreamingHttpResponse(read())


def around(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        ids = [cursor.execute("SELECT txid_current()").fetchone()[0] for _ in range(2)]
    return JsonResponse(
        {
            "atomic": connection.in_atomic_block,
            "transactions": len(set(ids)),
            "scope": None if active_tenants() is None else sorted(active_tenants()),
            "user": acting_user(),
            "memberships": [m.pk for m in request.memberships],
            "language": translation.get_language(),
            "zone": timezone.get_current_timezone_name(),
        }
    )


urlpatterns = [
    path("write/<int:status>/", write),
    path("crash/", crash),
    path("broken/", broken),
    path("refuse/", refuse),
    path("missing/", missing),
    path("numbers/", numbers),
    path("lazy/", lazy),
    path("stream/", stream),
    path("around/", around),
    path("", include("portal.urls")),  # the error pages link to them
]
handler404 = not_found
