"""Time that was written down wrong is put right: what stands for it, or that it was no work."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from tenants.errors import Invalid, NotPermitted
from tickets import services
from tickets.forms import moment_field
from tickets.models import Ticket, TimeEntry
from tickets.services.corrections import corrector_of
from tickets.views.desk import desks_at, ticket_or_404
from tickets.views.steps import to_ticket


class CorrectionForm(forms.Form):
    """What is right in place of an entry; it begins with what was written down."""

    starts_at = moment_field(gettext_lazy("From"))
    ends_at = moment_field(gettext_lazy("To"))
    none = forms.BooleanField(
        label=gettext_lazy("It was no work on this ticket"),
        required=False,
        help_text=gettext_lazy("The entry counts as nothing, and nothing stands for it."),
    )
    note = forms.CharField(label=gettext_lazy("What was done"), max_length=200, required=False)
    triage = forms.BooleanField(label=gettext_lazy("Triage or estimating"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("What was wrong"),
        max_length=200,
        help_text=gettext_lazy("The client's service owner reads this."),
        error_messages={"required": gettext_lazy("What was wrong: say it in a few words.")},
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for name in () if data.get("none") else ("starts_at", "ends_at"):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, _("Choose a date and a time, or say that it was no work."))
        return data

    def command(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        if data.pop("none"):
            return {"reason": data["reason"]}
        return data


def entry_or_404(ticket: Ticket, number: int) -> TimeEntry:
    """Return the entry that was written down as the ticket's `number`th; none is ever removed."""
    rows = ticket.time_entries.select_related("person__user").order_by("pk")
    if not 0 < number <= 10_000 or not (found := rows[number - 1 : number]):
        raise Http404
    return found[0]


@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """:raises NotPermitted: if it is another person's time, and this one is no lead."""
    ticket = ticket_or_404(request, key)
    entry = entry_or_404(ticket, number)
    if (actor := corrector_of(entry, desks_at(request, ticket))) is None:
        raise NotPermitted(_("Another person's time is corrected by them or by a lead."))
    names = ("starts_at", "ends_at", "note", "triage")
    form = CorrectionForm(request.POST or None, initial={n: getattr(entry, n) for n in names})
    if form.is_bound and form.is_valid():
        try:
            services.correct_time(entry=entry, actor=actor, now=timezone.now(), **form.command())
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("The time is corrected. What was written stays readable."))
            return to_ticket(request, ticket)
    context = {"ticket": ticket, "entry": entry, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "tickets/correct_time.html", context, status=status)
