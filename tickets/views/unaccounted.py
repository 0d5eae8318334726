"""Working time that nothing was written down for: one's own, and that of whom one leads."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from contracts.domain.calendar_days import Window
from tenants.errors import Invalid, NotPermitted
from tenants.exports import Column, export, format_asked
from tenants.models import Membership
from tickets.domain.unaccounted import WorkingDay
from tickets.services.unaccounted import Worker, WorkerDay, check_days, days_of, workers_for

USUAL_DAYS = 7


def day_field(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget)


class SpanForm(forms.Form):
    """Which days, both ends included, and whose."""

    since = day_field(gettext_lazy("From"))
    until = day_field(gettext_lazy("To"))
    person = forms.ChoiceField(label=gettext_lazy("Person"), required=False)

    def __init__(self, *args: Any, workers: list[Worker], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(workers) > 1:
            people = [(worker.public_id, worker.user.name) for worker in workers]
            self.fields["person"].choices = [("", _("Everyone")), *people]
        else:
            del self.fields["person"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if (first := data.get("since")) and (last := data.get("until")):
            try:
                check_days(first, last)
            except Invalid as error:
                self.add_error(error.field, str(error.message))
        return data


def usual_span() -> tuple[date, date]:
    today = timezone.localdate()
    return today - timedelta(days=USUAL_DAYS - 1), today


def workers_or_refused(memberships: list[Membership]) -> list[Worker]:
    """:raises NotPermitted: to a client's people: whom the vendor pays for what is not theirs to read."""
    if not (workers := workers_for(memberships)):
        raise NotPermitted(_("Unaccounted time is for the vendor's people."))
    return workers


@require_GET
def unaccounted_time(request: HttpRequest) -> HttpResponse:
    """The gaps of each day, the newest day of each person first; `?format=` for a file, a gap a row."""
    workers = workers_or_refused(request.memberships)
    first, last = usual_span()
    asked = {"since": first, "until": last, **request.GET.dict()}
    form = SpanForm(asked, workers=workers)
    found: list[WorkerDay] = []
    if form.is_valid():
        chosen = form.cleaned_data.get("person")
        wanted = [worker for worker in workers if chosen in ("", None, worker.public_id)]
        span = (form.cleaned_data["since"], form.cleaned_data["until"])
        found = list(days_of(wanted, *span, timezone.now()))
        if kind := format_asked(request):
            gaps = gaps_of(found)
            return export(kind, "unaccounted", columns(), gaps, title=_("Unaccounted time"))
    open_days = [each for each in reversed(found) if each.day.gaps]
    context = {
        "form": form,
        "groups": [
            (worker, days)
            for worker in workers
            if (days := [each for each in open_days if each.worker is worker])
        ],
        "is_known": bool(found),
        "many_people": len(workers) > 1,
        "clients": sorted({m.tenant.name for m in request.memberships if m.is_vendor}),
        "query": query_of(request),
        "section_url": reverse("tickets:list"),
    }
    status = 422 if form.errors else 200
    return render(request, "tickets/unaccounted.html", context, status=status)


def query_of(request: HttpRequest) -> str:
    asked = request.GET.copy()
    asked.pop("format", None)
    return f"{asked.urlencode()}&" if asked else ""


class Gap(NamedTuple):
    worker: Worker
    day: WorkingDay
    gap: Window


def gaps_of(found: list[WorkerDay]) -> Iterator[Gap]:
    return (Gap(each.worker, each.day, gap) for each in found for gap in each.day.gaps)


def columns() -> list[Column]:
    return [
        Column(_("Person"), lambda g: g.worker.user.name, 24),
        Column(_("Day"), lambda g: g.day.on, 12),
        Column(_("From"), lambda g: g.gap[0], moment=True),
        Column(_("To"), lambda g: g.gap[1], moment=True),
        Column(_("Minutes"), lambda g: (g.gap[1] - g.gap[0]) // timedelta(minutes=1), 9),
        Column(_("Time zone"), lambda g: g.worker.user.timezone, 18),
    ]
