"""The bridge SE's cockpit: all clients by time to breach, filters kept, steps on several at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from portal.cockpit_lenses import LENSES
from portal.pools import pools
from tenants.models import Membership
from tickets.filters import TicketFilter
from tickets.models import SavedFilter, Ticket
from tickets.models.choices import Lane
from tickets.services import together
from tickets.views.desk import desks_at, tickets_of
from tickets.views.rows import rows_of

SHOWN = 100
MOST_SAVED = 20
ASKED = ("lens", "text", "priority", "client", "outcome")  # what a saved filter may hold


class Together(forms.Form):
    """What to do with the chosen tickets; words only where something is to be said."""

    STEPS = (
        ("take_over", gettext_lazy("Make me accountable")),
        ("watch", gettext_lazy("Watch")),
        ("public", gettext_lazy("Write to the client")),
        ("internal", gettext_lazy("Write an internal note")),
    )
    step = forms.ChoiceField(label=gettext_lazy("Do with the chosen"), choices=STEPS)
    body = forms.CharField(
        label=gettext_lazy("Message"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        told = super().clean()
        if told.get("step") in Lane.values and not told.get("body", "").strip():
            self.add_error("body", _("Message: write what the tickets should say."))
        return told


def desks_of(request: HttpRequest) -> list[Membership]:
    """Return the vendor's desks of this person; a client has no cockpit."""
    if not (desks := [m for m in request.memberships if m.is_vendor]):
        raise Http404
    return desks


@require_GET
@vary_on_headers("HX-Request")
def cockpit(request: HttpRequest) -> HttpResponse:
    desks, now = desks_of(request), timezone.now()
    context = shown(request, desks, request.GET, now)
    if request.htmx:
        return render(request, "cockpit/_queue.html", context)
    context["saved"] = list(SavedFilter.objects.filter(user=request.user)[:MOST_SAVED])
    context["pools"] = pools({m.tenant_id for m in desks}, now)
    return render(request, "cockpit/cockpit.html", context)


def shown(
    request: HttpRequest, desks: Sequence[Membership], asked: QueryDict, now: datetime
) -> dict[str, Any]:
    """Return the queue that is asked for, with the counts of every lens under the same filters."""
    rows = tickets_of(request).open().at(desks)
    filterset = TicketFilter(asked, queryset=rows, request=request)
    many = len({m.tenant_id for m in desks}) > 1
    del filterset.form.fields["status"]
    if not many:
        filterset.form.fields.pop("client")
    lens = asked.get("lens") if asked.get("lens") in LENSES else "open"
    conditions = {code: ask(desks, now) for code, (_label, ask) in LENSES.items()}
    counts = filterset.qs.order_by().aggregate(
        **{code: Count("pk", filter=condition or None) for code, condition in conditions.items()}
    )
    return {
        "filterset": filterset,
        "tickets": rows_of(filterset.qs.filter(conditions[lens]).by_deadline()[:SHOWN]),
        "lenses": [
            {"code": c, "label": label, "count": counts[c], "query": query_of(asked, lens=c)}
            for c, (label, _ask) in LENSES.items()
        ],
        "lens": lens,
        "asked": query_of(asked, lens=lens),
        "now": now,
        "many_clients": many,
        "form": Together(),
        "shown": SHOWN,
    }


def query_of(asked: QueryDict, **changed: str) -> str:
    """Return the address's own part of what is asked, with nothing in it that is not known."""
    kept = QueryDict(mutable=True)
    kept.update({name: asked[name] for name in ASKED if asked.get(name)} | changed)
    return kept.urlencode()


@require_POST
def save_filter(request: HttpRequest) -> HttpResponse:
    """Keep what is asked now under a name; the same name is replaced."""
    desks_of(request)
    asked = query_of(QueryDict(request.POST.get("query", "")[:400]))
    name = " ".join(request.POST.get("name", "").split())[:60]
    mine = SavedFilter.objects.filter(user=request.user)
    if not name:
        messages.error(request, _("Name: write how you will find this filter again."))
    elif mine.exclude(name=name).count() >= MOST_SAVED:
        messages.error(request, _("You keep %d filters: delete one first.") % MOST_SAVED)
    else:
        mine.update_or_create(user=request.user, name=name, defaults={"query": asked[:400]})
        messages.success(request, _("The filter is saved."))
    return redirect(f"{reverse('cockpit')}?{asked}")


@require_POST
def delete_filter(request: HttpRequest, public_id: str) -> HttpResponse:
    get_object_or_404(SavedFilter, user=request.user, public_id=public_id).delete()
    messages.success(request, _("The filter is deleted."))
    return redirect("cockpit")


@require_POST
def take_together(request: HttpRequest) -> HttpResponse:
    """Take one step on the chosen tickets and say what became of each; a foreign one is 404."""
    desks, now = desks_of(request), timezone.now()
    form = Together(request.POST)
    chosen = chosen_tickets(request, desks)
    context = shown(request, desks, QueryDict(request.POST.get("query", "")[:400]), now)
    context["form"], context["chosen"] = form, {ticket.key for ticket in chosen}
    if not chosen:
        form.add_error(None, _("Choose at least one ticket in the list."))
    elif form.is_valid():
        results = together.take_each(chosen, lambda t: desk_at(request, t), step_of(form, now))
        context |= shown(request, desks, QueryDict(request.POST.get("query", "")[:400]), now)
        context["results"], context["chosen"] = results, set()
    context["saved"] = list(SavedFilter.objects.filter(user=request.user)[:MOST_SAVED])
    context["pools"] = pools({m.tenant_id for m in desks}, now)
    status = 200 if form.is_valid() else 422
    return render(request, "cockpit/cockpit.html", context, status=status)


def chosen_tickets(request: HttpRequest, desks: Sequence[Membership]) -> list[Ticket]:
    """Return the chosen tickets; if one of them is not this person's to see, there is none at all."""
    keys = set(request.POST.getlist("ticket"))
    if len(keys) > together.MOST:
        raise Http404
    rows = tickets_of(request).filter(tenant_id__in={m.tenant_id for m in desks}, key__in=keys)
    found = list(rows.select_related("tenant"))
    if len(found) != len(keys):
        raise Http404
    return found


def desk_at(request: HttpRequest, ticket: Ticket) -> Membership | None:
    """Return the vendor's desk of this person at the ticket's client."""
    return next((m for m in desks_at(request, ticket) if m.is_vendor), None)


def step_of(form: Together, now: datetime) -> together.Step:
    step, body = form.cleaned_data["step"], form.cleaned_data["body"]
    if step == "take_over":
        return together.take_over(now)
    if step == "watch":
        return together.watch(now)
    return together.say_to_each(body, step, (get_language() or "en")[:2], now)
