"""The timer of a vendor person: started on a ticket, shown in the head of every page, stopped once."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants.errors import Invalid
from tickets import services
from tickets.domain.lifecycle import Action
from tickets.forms import moment_field
from tickets.models import Timer
from tickets.services.timers import is_forgotten, running_of
from tickets.views.desk import actor_for, ticket_or_404
from tickets.views.steps import to_ticket


class StopForm(forms.Form):
    """When work ended that ran too long to be believed, and what was done."""

    ended_at = moment_field(
        gettext_lazy("The work ended at"), gettext_lazy("The work ended at: choose when.")
    )
    note = forms.CharField(label=gettext_lazy("What was done"), max_length=200, required=False)


@require_GET
def timer_shown(request: HttpRequest) -> HttpResponse:
    """Return the running timer as the page's head shows it; empty where none runs."""
    timer, now = running_of(request.user), timezone.now()
    minutes = int((now - timer.started_at).total_seconds() // 60) if timer else 0
    return render(request, "tickets/_timer.html", {"timer": timer, "timed": minutes})


@require_POST
def timer_start(request: HttpRequest, key: str) -> HttpResponse:
    ticket = ticket_or_404(request, key)
    actor = actor_for(request, ticket, Action.LOG_TIME)
    services.start_timer(ticket=ticket, actor=actor, now=timezone.now())
    messages.success(request, _("Your timer runs."))
    return to_ticket(request, ticket)


@require_http_methods(["GET", "POST"])
def timer_stop(request: HttpRequest) -> HttpResponse:
    """Stop the timer of this person; one that was forgotten asks first when the work ended."""
    timer, now = running_of(request.user), timezone.now()
    if timer is None:
        messages.info(request, _("No timer of yours runs."))
        return redirect("home")
    asks = is_forgotten(timer, now)
    data = request.POST if request.method == "POST" and "ended_at" in request.POST else None
    form = StopForm(data, initial={"ended_at": timezone.localtime(timer.started_at)})
    if request.method == "GET" or (asks and not (data is not None and form.is_valid())):
        status = 200 if data is None else 422
        return render(
            request, "tickets/timer_page.html", {"timer": timer, "form": form}, status=status
        )
    given = form.cleaned_data if data is not None and form.is_valid() else {}
    return stop(request, timer, form, given)


def stop(request: HttpRequest, timer: Timer, form: StopForm, given: dict) -> HttpResponse:
    try:
        services.stop_timer(timer=timer, actor=timer.person, now=timezone.now(), **given)
    except Invalid as error:
        form.add_error(error.field if form.is_bound else None, str(error.message))
        context = {"timer": timer, "form": form}
        return render(request, "tickets/timer_page.html", context, status=422)
    messages.success(request, _("The timer is stopped, and its minutes are recorded."))
    return to_ticket(request, timer.ticket)
