"""An issued report is frozen: whatever changes around it, it has the same hash and the same PDF."""

import json
from copy import deepcopy
from datetime import date

import pytest
from django.db import transaction

from contracts import checking
from contracts.models import Contract
from contracts.services import activate_version, add_version
from reports.models import MonthlyReport, ReportDocument
from reports.renderers import press
from reports.renderers.edition import Edition
from reports.renderers.pdf import pdf_of
from reports.services.issue import issue_report
from reports.services.papers import print_report
from reports.services.verify import verify_report
from tenants.scoping import tenant_scope
from tests.reports.factories import APRIL, TERMS, Desk, as_owner, make_desk, tokyo
from tickets.models import Ticket

pytestmark = pytest.mark.allow_n_plus_one  # the fixtures step through many commands

CLOSED, LATER = tokyo("2026-05-12 10:00"), tokyo("2026-05-20 10:00")


@pytest.fixture
def report(desk) -> MonthlyReport:
    return busy_april(desk)


def busy_april(desk: Desk) -> MonthlyReport:
    """April with a miss, and work of two tiers, issued and printed."""
    ticket = desk.open("2026-04-06 10:00", symptom="slow")
    desk.reply(ticket, "2026-04-06 12:00")
    desk.work(ticket, "2026-04-06 13:00", "2026-04-06 14:10")
    asked = desk.open("2026-04-13 10:00", activity="service_desk", type="service_request")
    desk.work(asked, "2026-04-13 10:00", "2026-04-13 13:30", role="service_desk")
    made = issue_report(desk.contract, APRIL, now=CLOSED)
    print_report(made, now=CLOSED)
    return made


def stored() -> dict[str, tuple[str, bytes]]:
    rows = ReportDocument.objects.values_list("language", "sha256", "content")
    return {language: (sha256, bytes(content)) for language, sha256, content in rows}


def rates_change(desk: Desk) -> None:
    """A version with other rates is signed; one for the closed month itself would be refused."""
    document = deepcopy(TERMS)
    document["cost"]["rates"] = {"L1": 9000, "L2": 9000, "L3": 9000, "PMO": 9000}
    document["cost"]["monthly_fee"] = 1
    manager = desk.people["account_manager"]
    version = add_version(
        contract=desk.contract, effective_on=date(2026, 5, 16), document=document, actor=manager,
        now=LATER,
    )  # fmt: skip
    seal = checking.seal_of(version)
    activate_version(version=version, actor=manager, now=LATER, accept_gaps=seal)


def names_change(desk: Desk) -> None:
    desk.tenant.name, desk.contract.title = "Acme Holdings", "Renamed"
    desk.tenant.save()
    desk.contract.save()
    for person in desk.people.values():
        person.user.name = "Married"
        person.user.save()
    Ticket.objects.update(title="Renamed")


def zones_change(desk: Desk) -> None:
    Contract.objects.filter(pk=desk.contract.pk).update(timezone="America/New_York")
    for person in desk.people.values():
        person.user.timezone = "Europe/Berlin"
        person.user.save()


@pytest.mark.parametrize("changed", [rates_change, names_change, zones_change])
def test_what_changes_later_changes_no_byte(desk, report, changed):
    papers = stored()

    changed(desk)

    contract = Contract.objects.get(pk=desk.contract.pk)
    assert verify_report(report.pk) == []
    assert issue_report(contract, APRIL, now=LATER).sha256 == report.sha256
    assert print_report(MonthlyReport.objects.get(pk=report.pk), now=LATER) == []
    assert stored() == papers


def test_a_new_template_touches_no_stored_pdf(desk, report, monkeypatch, tmp_path):
    papers = stored()
    template = tmp_path / "report.typ"
    template.write_text("#set page(width: 10cm)\nAnother house style.")
    monkeypatch.setattr(press, "TEMPLATE", template)

    print_report(report, now=LATER)

    edition = Edition(json.loads(report.facts), "en", report.sha256, report.issued_at)
    assert pdf_of(edition) != papers["en"][1]  # it would be printed otherwise today
    assert stored() == papers
    assert verify_report(report.pk) == []


@pytest.mark.parametrize(
    ("table", "change", "named"),
    [
        ("tickets_timeentry", "minutes = minutes + 15", "effort.minutes"),
        ("tickets_ticket", "received_at = received_at - interval '40 days'", "flow.open_before"),
        ("tickets_ledgerentry", "at = at - interval '1 hour'", "sla"),
        ("tickets_decision", "outcome = 'not_provided'", "scope"),
    ],
)
@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_an_edited_row_is_named(table, change, named):
    with transaction.atomic():
        desk = make_desk("FROZEN")
        with tenant_scope(desk.tenant):
            made = busy_april(desk)
    with as_owner(table) as cursor:
        cursor.execute(f"UPDATE {table} SET {change}")

    with transaction.atomic(), tenant_scope(desk.tenant):
        found = verify_report(made.pk)

    assert any(named in finding.what for finding in found), found
