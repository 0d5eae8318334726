"""Translations beside the messages, and the glossary that keeps them alike."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants.errors import Invalid
from tenants.exports import export, format_asked
from tenants.models import Membership, Tenant
from tickets import services
from tickets.domain.lifecycle import Action
from tickets.models import Comment, GlossaryTerm
from tickets.models.choices import Lane
from tickets.views import kept_columns
from tickets.views.desk import actor_for, ticket_or_404, tickets_of
from tickets.views.steps import to_ticket
from tickets.word_forms import TermForm, TranslationForm


@require_http_methods(["GET", "POST"])
def translate(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask for a translation with the glossary beside it; another client's message is 404."""
    rows = Comment.objects.filter(ticket__in=tickets_of(request)).select_related("ticket")
    comment = get_object_or_404(rows, public_id=public_id)
    ticket = ticket_or_404(request, comment.ticket.key)
    actor = actor_for(request, ticket, Action.TRANSLATE)
    if comment.lane != Lane.PUBLIC and not actor.is_vendor:
        raise Http404
    form = TranslationForm(request.POST if request.method == "POST" else None, comment=comment)
    if form.is_bound and form.is_valid():
        try:
            services.translate_comment(
                comment=comment, actor=actor, now=timezone.now(), **form.cleaned_data
            )
        except Invalid as error:
            form.add_error(error.field or None, str(error.message))
        else:
            messages.success(request, _("The translation stands beside the message."))
            return to_ticket(request, ticket)
    context = {"form": form, "said": comment, "ticket": ticket, "terms": glossary_of(ticket.tenant)}
    name = "tickets/_translation_form.html" if request.htmx else "tickets/translation_page.html"
    return render(request, name, context, status=422 if form.is_bound else 200)


def glossary_of(tenant: Tenant) -> list[GlossaryTerm]:
    return list(GlossaryTerm.objects.filter(tenant=tenant))


@require_http_methods(["GET", "POST"])
def glossary(request: HttpRequest, code: str) -> HttpResponse:
    """Show a client's terms to the vendor's people, with a form for the next one."""
    actor = keeper(request, code)
    if request.method == "GET" and (kind := format_asked(request)):
        rows = GlossaryTerm.objects.filter(tenant=actor.tenant)
        return export(kind, f"glossary {code}", kept_columns.of_term(), rows, title=_("Glossary"))
    form = TermForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and save(request, actor, form, None):
        return redirect("tickets:glossary", code=code)
    context = {"terms": glossary_of(actor.tenant), "form": form, "tenant": actor.tenant}
    status = 422 if form.is_bound else 200
    return render(request, "tickets/glossary.html", context, status=status)


@require_http_methods(["GET", "POST"])
def term(request: HttpRequest, public_id: str) -> HttpResponse:
    row = get_object_or_404(GlossaryTerm.objects.select_related("tenant"), public_id=public_id)
    actor = keeper(request, row.tenant.code)
    known = {name: getattr(row, name) for name in TermForm.base_fields}
    form = TermForm(request.POST if request.method == "POST" else None, initial=known)
    if form.is_bound and form.is_valid() and save(request, actor, form, row):
        return redirect("tickets:glossary", code=row.tenant.code)
    context = {"term": row, "form": form, "tenant": actor.tenant}
    status = 422 if form.is_bound else 200
    return render(request, "tickets/term_page.html", context, status=status)


@require_POST
def remove_term(request: HttpRequest, public_id: str) -> HttpResponse:
    row = get_object_or_404(GlossaryTerm.objects.select_related("tenant"), public_id=public_id)
    actor = keeper(request, row.tenant.code)
    services.remove_term(term=row, actor=actor, now=timezone.now())
    messages.success(request, _("The term is gone from the glossary."))
    return redirect("tickets:glossary", code=row.tenant.code)


@require_GET
def glossaries(request: HttpRequest) -> HttpResponse:
    """Lead a vendor person to the glossary of one of their clients."""
    tenants = {m.tenant.code: m.tenant for m in request.memberships if m.is_vendor}
    if len(tenants) == 1:
        return redirect("tickets:glossary", code=next(iter(tenants)))
    if not tenants:
        raise Http404
    rows = sorted(tenants.values(), key=lambda tenant: tenant.name)
    return render(request, "tickets/glossaries.html", {"tenants": rows})


def keeper(request: HttpRequest, code: str) -> Membership:
    """Return the vendor's desk of this person at a client; without one the glossary is 404."""
    desks = (m for m in request.memberships if m.tenant.code == code and m.is_vendor)
    if (actor := next(desks, None)) is None:
        raise Http404
    return actor


def save(request: HttpRequest, actor: Membership, form: TermForm, row: GlossaryTerm | None) -> bool:
    try:
        services.save_term(actor=actor, now=timezone.now(), term=row, **form.cleaned_data)
    except Invalid as error:
        form.add_error(error.field or None, str(error.message))
        return False
    messages.success(request, _("The term is in the glossary."))
    return True
