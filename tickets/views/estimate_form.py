"""The page on which an estimate is written: lines priced while they are typed, nothing lost."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from contracts.domain.money import exponent_of, percent
from contracts.domain.terms import Terms
from tenants.errors import Invalid
from tickets import services
from tickets.domain.lifecycle import Action
from tickets.domain.offer import Pricing
from tickets.estimate_forms import EstimateForm, Rows
from tickets.models import Estimate, Ticket
from tickets.models.choices import EstimateStatus
from tickets.services.offers import terms_on
from tickets.views.desk import actor_for, ticket_or_404
from tickets.views.estimates import estimate_or_404, require_form


@require_form
def draft(request: HttpRequest, key: str) -> HttpResponse:
    """Write the first revision of a ticket's estimate."""
    ticket = ticket_or_404(request, key)
    actor = actor_for(request, ticket, Action.DRAFT_ESTIMATE)
    if not actor.is_vendor:
        raise Http404

    def save(now, **content: Any) -> Estimate:
        return services.draft_estimate(ticket=ticket, actor=actor, now=now, **content)

    return write(request, ticket, None, save)


@require_form
def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change a draft, or put the next revision on the table."""
    estimate, desks = estimate_or_404(request, public_id)
    actor = next((desk for desk in desks if desk.is_vendor), None)
    if actor is None:
        raise Http404
    is_draft = estimate.status == EstimateStatus.DRAFT

    def save(now, **content: Any) -> Estimate:
        if is_draft:
            return services.edit_estimate(
                estimate=estimate, actor=actor, now=now, version=seen_version(request), **content
            )
        return services.revise_estimate(estimate=estimate, actor=actor, now=now, **content)

    return write(request, estimate.ticket, estimate, save)


def seen_version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None


def write(request: HttpRequest, ticket: Ticket, estimate: Estimate | None, save) -> HttpResponse:
    now = timezone.now()
    terms = terms_on(ticket, now)
    if request.method != "POST":
        rows = Rows.stored(estimate.revision.parts, terms) if estimate else Rows.empty(terms)
        form = EstimateForm(initial=initial_of(ticket, estimate, terms), terms=terms)
        return shown(request, ticket, estimate, form, rows)
    more = request.POST.get("do") == "add"
    rows = Rows.typed(request.POST, terms, more=more)
    if request.htmx:
        context = {"url": request.path, **lines_context(rows, terms)}
        return render(request, "tickets/_estimate_lines.html", context)
    form = EstimateForm(request.POST, terms=terms)
    if more:
        form = EstimateForm(initial=request.POST.dict(), terms=terms)
        return shown(request, ticket, estimate, form, rows)
    if form.is_valid():
        try:
            saved = save(now, lines=rows.content(), **form.content())
        except Invalid as error:
            name = error.field if error.field in form.fields else None
            form.add_error(name, str(error.message))
        else:
            messages.success(request, _("The estimate is saved as a draft."))
            return redirect("tickets:estimate", saved.public_id)
    return shown(request, ticket, estimate, form, rows, status=422)


def initial_of(ticket: Ticket, estimate: Estimate | None, terms: Terms) -> dict[str, Any]:
    if estimate is None:
        return {"pricing": Pricing.FIXED.value, "language": ticket.tenant.language}
    revision = estimate.revision
    initial = {
        name: getattr(revision, name)
        for name in (
            *("pricing", "delivery_on", "language"),
            *("assumptions", "exclusions", "date_effect"),
        )
    }
    if revision.not_to_exceed is not None and revision.amount != revision.offer.lines_total:
        scale = exponent_of(terms.currency)
        initial["not_to_exceed"] = f"{revision.amount / 10**scale:.{scale}f}"
    return initial | {"version": estimate.version}


def lines_context(rows: Rows, terms: Terms) -> dict[str, Any]:
    tax = terms.cost.tax
    due = percent(rows.total, tax.rate, tax.round) if tax else None
    return {
        "rows": rows,
        "currency": terms.currency,
        "tax": due,
        "tax_rate": tax.rate if tax else None,
        "with_tax": rows.total + due if due is not None else None,
    }


def shown(
    request: HttpRequest,
    ticket: Ticket,
    estimate: Estimate | None,
    form: EstimateForm,
    rows: Rows,
    status: int = 200,
) -> HttpResponse:
    url = (
        reverse("tickets:estimate_edit", args=[estimate.public_id])
        if estimate
        else reverse("tickets:draft_estimate", args=[ticket.key])
    )
    context = {
        "ticket": ticket,
        "estimate": estimate,
        "form": form,
        "url": url,
        "is_revision": estimate is not None and estimate.status != EstimateStatus.DRAFT,
        "is_change_order": estimate is not None and estimate.accepted_id is not None,
        **lines_context(rows, form.terms),
    }
    return render(request, "tickets/estimate_form.html", context, status=status)
