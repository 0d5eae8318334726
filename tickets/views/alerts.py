"""Alerts: what came in, from which sources, and the maintenance that holds them back."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from contracts.system_names import system_names
from tenants.asked import id_in
from tenants.errors import Invalid, NotPermitted
from tenants.exports import export, format_asked
from tenants.models import Membership
from tickets.alert_forms import SourceForm, WindowForm, lines_of
from tickets.alert_samples import sample_of
from tickets.domain.lifecycle import AGENTS, LEADS
from tickets.models import Alert, AlertSource, AlertWindow
from tickets.services import alert_sources
from tickets.services.alert_folds import folded, folds_of, same_fold
from tickets.views import kept_columns
from tickets.views.routines import agreeable, desk

A_PAGE = 50
MOST_WINDOWS = 30


def check_team(request: HttpRequest) -> None:
    """:raises NotPermitted: to a client: they read the tickets, not the machines behind them."""
    if not any(m.role in AGENTS for m in request.memberships):
        raise NotPermitted(_("The sources of alerts are the vendor's own."))


@require_GET
def alert_list(request: HttpRequest) -> HttpResponse:
    """What came in lately, the sources with what fires now, and the maintenance that is not over."""
    check_team(request)
    now = timezone.now()
    chosen, opened = id_in(request.GET, "source"), id_in(request.GET, "of")
    every = Alert.objects.for_list()
    if chosen:
        every = every.filter(source__public_id=chosen)
    if opened:
        every = every.filter(same_fold(one_of(opened)))
    if kind := format_asked(request):
        return export(kind, "alerts", kept_columns.of_alert(), every, title=_("Alerts"))
    rows = every if opened else folded(every)
    page = Paginator(rows, per_page=A_PAGE).get_page(request.GET.get("page"))
    windows = AlertWindow.objects.filter(ends_at__gt=now, cancelled_at=None)
    firing = Count("alerts", filter=Q(alerts__ended_at=None))
    sources = AlertSource.objects.select_related("tenant").annotate(firing=firing)
    sources = list(sources.order_by("tenant__name", "name"))
    windows = windows.select_related("tenant", "contract").order_by("starts_at")[:MOST_WINDOWS]
    context = {
        "page": page,
        "folds": {} if opened else folds_of(page.object_list, every),
        "sources": sources,
        "systems": system_names(page.object_list, sources, windows),
        "chosen": chosen,
        "opened": opened,
        "query": asked(source=chosen, of=opened),
        "windows": windows,
        "contracts": agreeable(request),
        "leads": {m.tenant_id for m in request.memberships if m.role in LEADS},
        "many_clients": len({m.tenant_id for m in request.memberships}) > 1,
        "now": now,
    }
    return render(request, "tickets/alert_list.html", context)


def one_of(public_id: str) -> Alert:
    return get_object_or_404(Alert, public_id=public_id)


def asked(**told: str) -> str:
    """Return what was asked for, for the links of the pager."""
    kept = {name: text for name, text in told.items() if text}
    return f"{urlencode(kept)}&" if kept else ""


@never_cache
@require_http_methods(["GET", "POST"])
def new_source(request: HttpRequest, contract: str) -> HttpResponse:
    """Connect a monitoring system; its secret is in this one answer only."""
    found = get_object_or_404(Contract.objects.select_related("tenant"), public_id=contract)
    actor, terms = lead_and_terms(request, found)
    form = SourceForm(
        request.POST or None, contract=found, terms=terms, contracts=running(found.tenant_id)
    )
    if form.is_bound and form.is_valid():
        try:
            source, secret = alert_sources.create_source(
                contract=found, actor=actor, kind=form.cleaned_data["kind"], plan=form.plan(),
                now=timezone.now(),
            )  # fmt: skip
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            return shown(request, source, secret)
    return filled(request, form, found)


@require_http_methods(["GET", "POST"])
def source_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """A source: its address, how it is told to post, its routes; a lead changes them."""
    source = source_or_404(public_id)
    check_desk(request, source.tenant_id)
    if request.method == "GET":
        return shown(request, source)
    actor, terms = lead_and_terms(request, source.contract)
    form = SourceForm(
        request.POST, contract=source.contract, terms=terms,
        contracts=running(source.tenant_id), source=source,
    )  # fmt: skip
    if form.is_valid():
        try:
            alert_sources.change_source(
                source=source, actor=actor, plan=form.plan(), now=timezone.now()
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("The source is changed from its next message on."))
            return redirect("tickets:alert_source", public_id=public_id)
    return filled(request, form, source.contract, source)


@never_cache
@require_POST
def rotate(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give a source another secret; it is in this one answer only."""
    source = source_or_404(public_id)
    actor = check_desk(request, source.tenant_id, LEADS)
    secret = alert_sources.rotate_secret(source=source, actor=actor, now=timezone.now())
    return shown(request, source, secret)


@require_POST
def switch(request: HttpRequest, public_id: str) -> HttpResponse:
    """Turn a source off or on, as the form says."""
    source = source_or_404(public_id)
    actor = check_desk(request, source.tenant_id, LEADS)
    on = request.POST.get("on") == "1"
    alert_sources.switch_source(source=source, actor=actor, on=on, now=timezone.now())
    messages.success(request, _("The source is on.") if on else _("The source is off."))
    return redirect("tickets:alert_source", public_id=public_id)


@require_http_methods(["GET", "POST"])
def new_window(request: HttpRequest, contract: str) -> HttpResponse:
    found = get_object_or_404(Contract.objects.select_related("tenant"), public_id=contract)
    actor, terms = lead_and_terms(request, found)
    form = WindowForm(request.POST or None, terms=terms)
    if form.is_bound and form.is_valid():
        try:
            alert_sources.agree_window(
                contract=found, actor=actor, now=timezone.now(), **form.cleaned_data
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("The maintenance is written down."))
            return redirect("tickets:alerts")
    context = {"form": form, "contract": found, "section_url": reverse("tickets:alerts")}
    status = 422 if form.is_bound else 200
    return render(request, "tickets/alert_window_form.html", context, status=status)


@require_POST
def cancel_window(request: HttpRequest, public_id: str) -> HttpResponse:
    window = get_object_or_404(AlertWindow, public_id=public_id)
    actor = check_desk(request, window.tenant_id, LEADS)
    alert_sources.cancel_window(window=window, actor=actor, now=timezone.now())
    messages.success(request, _("The maintenance is over: alerts raise tickets again."))
    return redirect("tickets:alerts")


# --- parts ---


def source_or_404(public_id: str) -> AlertSource:
    rows = AlertSource.objects.select_related("contract", "tenant", "by__user")
    return get_object_or_404(rows, public_id=public_id)


def check_desk(request: HttpRequest, tenant_id: int, roles: frozenset = AGENTS) -> Membership:
    """:raises NotPermitted: unless this person has one of these desks at the client."""
    if (actor := desk(request, tenant_id, roles)) is None:
        raise NotPermitted(_("Only a bridge SE or an account manager sets up alerts."))
    return actor


def lead_and_terms(request: HttpRequest, contract: Contract):
    actor = check_desk(request, contract.tenant_id, LEADS)
    rows = ContractVersion.objects.filter(contract=contract)
    if (version := rows.in_force(contract.local_date(timezone.now())).first()) is None:
        raise Http404
    return actor, rules_of(version).terms


def running(tenant_id: int) -> dict[str, Contract]:
    rows = Contract.objects.active().filter(tenant_id=tenant_id)
    return {contract.number: contract for contract in rows}


def filled(
    request: HttpRequest, form: SourceForm, contract: Contract, source: AlertSource | None = None
) -> HttpResponse:
    context = {"form": form, "contract": contract, "source": source,
               "section_url": reverse("tickets:alerts")}  # fmt: skip
    status = 422 if form.is_bound else 200
    return render(request, "tickets/alert_source_form.html", context, status=status)


def shown(request: HttpRequest, source: AlertSource, secret: str = "") -> HttpResponse:
    """Show a source; with the `secret` that was just made, this once."""
    lead = desk(request, source.tenant_id, LEADS)
    form = None
    if lead:
        terms = lead_and_terms(request, source.contract)[1]
        form = SourceForm(
            contract=source.contract, terms=terms, contracts=running(source.tenant_id),
            source=source,
        )  # fmt: skip
    address = request.build_absolute_uri(reverse("hooks:alerts", args=[source.public_id]))
    every = Alert.objects.filter(source=source)
    alerts = list(folded(every)[:20])
    context = {
        "source": source,
        "secret": secret,
        "form": form,
        "lines": form.initial["routes"] if form else lines_of(source),
        "address": address,
        "sample": sample_of(source.kind, address, secret or _("the secret")),
        "alerts": alerts,
        "folds": folds_of(alerts, every),
        "systems": system_names([source], alerts),
        "now": timezone.now(),
        "section_url": reverse("tickets:alerts"),
    }
    return render(request, "tickets/alert_source.html", context)
