"""Import of another tool's file: upload, columns, report of the dry run, one confirmation, progress."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from tenants.errors import Invalid
from tenants.exports import Column, export, format_asked
from tenants.models import Job, JobState, Membership
from tickets.bulk_forms import MappingForm, UploadForm
from tickets.bulk_words import FIELDS, said_of
from tickets.domain.bulk_presets import missing_fields
from tickets.domain.lifecycle import LEADS
from tickets.models import BulkImport
from tickets.models.bulk import BulkOutcome
from tickets.services.bulk import KIND, confirm_bulk, map_bulk, may_import, upload_bulk
from tickets.services.bulk_check import Checked, check, fingerprint, table_of
from tickets.views import kept_columns

SAMPLE, MOST_WRONG, MOST_PAST = 5, 20, 20


def lead_at(request: HttpRequest, tenant_id: int) -> Membership:
    """:raises NotPermitted: if this person is no bridge SE or account manager of the client."""
    mine = (m for m in request.memberships if m.tenant_id == tenant_id and m.role in LEADS)
    return may_import(next(mine, None))


def import_or_404(request: HttpRequest, public_id: str) -> tuple[BulkImport, Membership]:
    """Return the import, and this person's desk; another client's is 404."""
    rows = BulkImport.objects.select_related("contract", "tenant", "by__user")
    bulk = get_object_or_404(rows, public_id=public_id)
    return bulk, lead_at(request, bulk.tenant_id)


@require_GET
def import_list(request: HttpRequest) -> HttpResponse:
    """Choose a contract; the files uploaded before stand below, all of them with `?format=`."""
    leads = {m.tenant_id for m in request.memberships if m.role in LEADS}
    may_import(next((m for m in request.memberships if m.role in LEADS), None))
    past = BulkImport.objects.filter(tenant_id__in=leads).defer("content")
    past = past.select_related("tenant", "contract", "by__user")
    if kind := format_asked(request):
        return export(kind, "imports", kept_columns.of_import(), past, title=_("Files so far"))
    contracts = Contract.objects.active().filter(tenant_id__in=leads).select_related("tenant")
    context = {
        "contracts": contracts.order_by("tenant__name", "number"),
        "past": past[:MOST_PAST],
        "section_url": reverse("tickets:list"),
    }
    return render(request, "tickets/import_list.html", context)


@require_http_methods(["GET", "POST"])
def new_import(request: HttpRequest, contract: str) -> HttpResponse:
    found = get_object_or_404(Contract.objects.select_related("tenant"), public_id=contract)
    actor, now = lead_at(request, found.tenant_id), timezone.now()
    rows = ContractVersion.objects.filter(contract=found)
    if (version := rows.in_force(found.local_date(now)).first()) is None:
        raise Http404
    form = UploadForm(request.POST or None, request.FILES or None, terms=rules_of(version).terms)
    if form.is_bound and form.is_valid():
        try:
            bulk = upload_bulk(contract=found, actor=actor, now=now, **form.command())
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            return redirect("tickets:import", public_id=bulk.public_id)
    context = {"form": form, "contract": found, "section_url": reverse("tickets:list")}
    status = 422 if form.is_bound else 200
    return render(request, "tickets/import_new.html", context, status=status)


@require_GET
def import_page(request: HttpRequest, public_id: str) -> HttpResponse:
    bulk, _actor = import_or_404(request, public_id)
    return show(request, bulk)


def show(request: HttpRequest, bulk: BulkImport, form: MappingForm | None = None) -> HttpResponse:
    context = {"bulk": bulk, "section_url": reverse("tickets:list")}
    context |= progress(bulk) if bulk.confirmed_at else dry_run(bulk, form)
    return render(request, "tickets/import_page.html", context, status=422 if form else 200)


def dry_run(bulk: BulkImport, form: MappingForm | None) -> dict[str, Any]:
    """Return the columns with a sample of the file, and what each row would become."""
    table = table_of(bulk)
    missing = missing_fields(bulk.mapping, bulk.kind)
    rows = [] if missing or form else check(bulk, timezone.now())
    counts = Counter(str(row.outcome) for row in rows)
    wrong = [row for row in rows if row.outcome == BulkOutcome.WRONG]
    return {
        "form": form or MappingForm(initial=bulk.mapping, kind=bulk.kind, table=table),
        "heads": table.heads,
        "sample": [row for _number, row in table.rows[:SAMPLE]],
        "missing": [FIELDS[name] for name in missing],
        "counts": counted(counts),
        "total": len(rows),
        "created": counts[BulkOutcome.CREATED],
        "wrong": [(row, [said_of(each) for each in row.wrong]) for row in wrong[:MOST_WRONG]],
        "more_wrong": max(0, len(wrong) - MOST_WRONG),
        "shown": fingerprint(bulk, rows) if rows and not wrong else "",
    }


def counted(counts: Counter) -> list[tuple[str, int]]:
    return [(str(BulkOutcome(code).label), counts[code]) for code in BulkOutcome.values]


def progress(bulk: BulkImport) -> dict[str, Any]:
    """Return how far a confirmed import is, and what stopped it."""
    rows = bulk.outcomes.all()
    counts = Counter(rows.values_list("outcome", flat=True))
    done = sum(counts.values())
    refused = rows.filter(outcome=BulkOutcome.WRONG)
    return {
        "counts": counted(counts),
        "total": bulk.expected,
        "done": done,
        "percent": 100 * done // max(bulk.expected, 1),
        "stuck": is_stuck(bulk),
        "refused": refused[:MOST_WRONG],
    }


def is_stuck(bulk: BulkImport) -> bool:
    """Return whether a job of the import died; an account manager may try it again."""
    jobs = Job.objects.filter(kind=KIND, tenant_id=bulk.tenant_id, state=JobState.DEAD)
    return jobs.filter(key__startswith=f"bulk:{bulk.pk}:").exists()


@require_POST
def map_columns(request: HttpRequest, public_id: str) -> HttpResponse:
    bulk, actor = import_or_404(request, public_id)
    form = MappingForm(request.POST, kind=bulk.kind, table=table_of(bulk))
    if not form.is_valid():
        return show(request, bulk, form)
    try:
        map_bulk(bulk=bulk, actor=actor, mapping=form.cleaned_data)
    except Invalid as error:
        form.add_error(error.field, str(error.message))
        return show(request, bulk, form)
    return redirect("tickets:import", public_id=public_id)


@require_POST
def confirm(request: HttpRequest, public_id: str) -> HttpResponse:
    bulk, actor = import_or_404(request, public_id)
    shown = request.POST.get("shown", "")[:64]
    confirm_bulk(bulk=bulk, actor=actor, shown=shown, now=timezone.now())
    messages.success(request, _("The import has begun. This page shows how far it is."))
    return redirect("tickets:import", public_id=public_id)


@require_GET
def report(request: HttpRequest, public_id: str) -> HttpResponse:
    """Every row as a file: what it would become, or what became of it."""
    bulk, _actor = import_or_404(request, public_id)
    rows = became(bulk) if bulk.confirmed_at else would_become(check(bulk, timezone.now()))
    columns = [
        Column(_("Row"), lambda row: row[0], 8),
        Column(_("Key in the other tool"), lambda row: row[1]),
        Column(_("Outcome"), lambda row: str(BulkOutcome(row[2]).label)),
        Column(_("Ticket"), lambda row: row[3], 12),
        Column(_("What is wrong"), lambda row: row[4], 80),
    ]
    return export(format_asked(request) or "csv", "import report", columns, rows)


def would_become(rows: list[Checked]) -> Iterator[tuple]:
    for row in rows:
        yield row.number, row.key, row.outcome, "", "; ".join(said_of(each) for each in row.wrong)


def became(bulk: BulkImport) -> Iterator[tuple]:
    for row in bulk.outcomes.select_related("ticket").iterator():
        yield (
            row.number,
            row.source_key,
            row.outcome,
            row.ticket.key if row.ticket else "",
            row.said,
        )
