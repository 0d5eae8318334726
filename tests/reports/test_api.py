"""The life of a report and of an incident report through the API."""

import pytest
import time_machine

from reports.services.issue import issue_report
from tests.api.client import Api
from tests.reports.factories import APRIL, tokyo
from tests.reports.test_incidents import WRITTEN

pytestmark = pytest.mark.allow_n_plus_one  # a test steps through many commands

CLOSED, LATER = tokyo("2026-05-12 10:00"), tokyo("2026-05-13 10:00")


@pytest.fixture
def report(desk):
    ticket = desk.open("2026-04-06 10:00", title="Slow shop")
    desk.work(ticket, "2026-04-06 10:30", "2026-04-06 11:30")
    return issue_report(desk.contract, APRIL, now=CLOSED)


def test_a_report_is_remarked_answered_and_signed(desk, report):
    owner, manager = (Api(desk.people[r]) for r in ("service_owner", "account_manager"))
    page = f"reports/{report.public_id}/"
    with time_machine.travel(LATER, tick=False):
        remark = owner.post(f"{page}remark/", {"text": "The fee is wrong."})
        assert remark.status_code == 201, remark.content
        assert owner.post(f"{page}sign/", {"seen_sha256": report.sha256}).status_code == 409
        answer = f"remarks/{remark.json()['id']}/answer/"
        assert owner.post(answer, {"answer": "No."}).status_code == 403
        assert manager.post(answer, {"answer": "It is as agreed."}).status_code == 200
        (known,) = owner.get(f"{page}remarks/").json()["results"]
        assert known["answer"] == "It is as agreed."
        assert owner.post(f"{page}sign/", {"seen_sha256": "0" * 64}).status_code == 409
        signed = owner.post(f"{page}sign/", {"seen_sha256": report.sha256})
        assert (signed.status_code, signed.json()["sha256"]) == (201, report.sha256)


def test_a_report_is_corrected_where_something_differs(desk, report):
    manager, page = Api(desk.people["account_manager"]), f"reports/{report.public_id}/"
    with time_machine.travel(LATER, tick=False):
        assert manager.post(f"{page}correct/", {"reason": "A name."}).status_code == 409
        desk.contract.title = "Another name"
        desk.contract.save(update_fields=["title"])
        made = manager.post(f"{page}correct/", {"reason": "A name."})
    assert (made.status_code, made.json()["revision"]) == (201, 2)


def test_a_month_is_closed_early_by_its_account_manager(desk):
    desk.open("2026-04-06 10:00", title="Slow shop")
    address = f"contracts/{desk.contract.public_id}/months/2026-04/close/"
    with time_machine.travel(tokyo("2026-05-01 10:00"), tick=False):
        assert Api(desk.people["bridge_se"]).post(address).status_code == 403
        assert Api(desk.people["account_manager"]).post(address).status_code == 202


def test_an_incident_report_is_drafted_edited_and_issued(desk):
    ticket = desk.open("2026-04-06 10:00", title="Slow shop", impact=1, urgency=1)
    engineer, owner = Api(desk.people["operations_engineer"]), Api(desk.people["service_owner"])
    page = f"incident-reports/{ticket.key}/"
    with time_machine.travel(tokyo("2026-04-06 12:00"), tick=False):
        assert owner.get(page).status_code == 404
        assert owner.post(f"{page}draft/").status_code == 403
        assert engineer.post(f"{page}draft/").json()["revision"] == 1
        assert owner.get(page).status_code == 404
        told = {"seen": 1, "sections": {"summary": "Down.", **WRITTEN}}
        assert engineer.post(f"{page}edit/", told).json()["sections"]["impact"] == WRITTEN["impact"]
        assert engineer.post(f"{page}edit/", told).status_code == 409
        assert engineer.post(f"{page}issue/", {"seen": 2}).json()["state"] == "issued"
        assert owner.get(page).json()["revision"] == 3
