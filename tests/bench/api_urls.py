"""The portal's routes, and the bare ones that they are held against."""

from django.db import models
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.urls import include, path


class Bare(models.Model):
    """A plain row with as many columns as a list shows."""

    key = models.CharField(max_length=32)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=12)
    priority = models.CharField(max_length=2)
    owner = models.CharField(max_length=60)
    received_at = models.DateTimeField()
    next_due_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "portal"
        managed = False
        db_table = "bare"

    def __str__(self) -> str:
        return self.key


COLUMNS = ("key", "title", "status", "priority", "owner", "received_at", "next_due_at")
PAGE = engines["django"].from_string(
    "<table>{% for row in rows %}<tr><td>{{ row.key }}</td><td>{{ row.title }}</td>"
    "<td>{{ row.status }}</td><td>{{ row.priority }}</td><td>{{ row.owner }}</td>"
    "<td>{{ row.received_at }}</td><td>{{ row.next_due_at }}</td></tr>{% endfor %}</table>"
)


def one(request: HttpRequest) -> HttpResponse:
    assert request.user.is_authenticated
    return JsonResponse({"key": Bare.objects.get(pk=1).key})


def insert(request: HttpRequest) -> HttpResponse:
    assert request.user.is_authenticated
    row = Bare.objects.get(pk=1)
    row.pk = None
    row.save(force_insert=True)
    return JsonResponse({"key": row.key}, status=201)


def page(request: HttpRequest) -> HttpResponse:
    assert request.user.is_authenticated
    rows = Bare.objects.order_by("next_due_at")[:25]
    return JsonResponse({"rows": [{name: getattr(row, name) for name in COLUMNS} for row in rows]})


def html(request: HttpRequest) -> HttpResponse:
    assert request.user.is_authenticated
    return HttpResponse(PAGE.render({"rows": list(Bare.objects.order_by("next_due_at")[:25])}))


urlpatterns = [
    path("bare/one/", one),
    path("bare/insert/", insert),
    path("bare/page/", page),
    path("bare/html/", html),
    path("", include("portal.urls")),
]
handler400 = "portal.views.errors.bad_request"
handler403 = "portal.views.errors.forbidden"
handler404 = "portal.views.errors.not_found"
handler500 = "portal.views.errors.failed"
