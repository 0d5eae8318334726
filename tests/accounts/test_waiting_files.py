"""Files that were chosen before the portal asked who is there: they wait, and go on with the step."""

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tenants import waiting_files
from tenants.scoping import tenant_scope
from tests.accounts.conftest import PASSWORD
from tests.portal.desk import Desk, browser_of, desk_of
from tests.tickets.test_estimate_pages import SENT, on_the_way
from tickets.models import EstimateAcceptance, PurchaseOrderFile
from tickets.services.attachments import path_of

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]
ORDER = b"%PDF-1.7 one tax form"


class Form:
    """The purchase order's form in a session whose proof is old."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.estimate = desk, on_the_way(desk, *SENT)
        self.person = desk.people["account_manager"].user
        self.person.set_password(PASSWORD)
        self.person.save()
        self.browser = browser_of(desk.people["account_manager"])
        self.url = f"/tickets/estimates/{self.estimate.public_id}/order/"
        self.typed = {
            "revision": 1, "amount": self.estimate.amount, "purchase_order": "PO-9",
        }  # fmt: skip

    def send(self, *names: str, content: bytes = ORDER, **headers):
        files = [SimpleUploadedFile(name, content, "application/pdf") for name in names]
        return self.browser.post(self.url, {**self.typed, "files": files}, **headers)

    def prove(self, asked, proof: str = PASSWORD):
        """Send the page that asks as a browser would: its hidden fields and the proof."""
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
        return self.browser.post(self.url, fields | {"proof_of_person": proof})

    def kept(self) -> list[PurchaseOrderFile]:
        with tenant_scope(self.desk.tenant):
            return list(PurchaseOrderFile.objects.order_by("pk"))

    def waiting(self) -> list[Path]:
        return [
            path for path in waiting_files.place_of(self.person.pk).rglob("*") if path.is_file()
        ]


@pytest.fixture
def form(acme):
    form = Form(desk_of(acme))
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        yield form


def test_the_files_wait_and_go_on_with_the_step(form):
    asked = form.send("PO-9.pdf", "terms.pdf")

    assert "Is it you?" in asked.text
    assert "PO-9.pdf" in asked.text
    assert form.kept() == []
    assert form.prove(asked).status_code == 302
    assert [row.name for row in form.kept()] == ["PO-9.pdf", "terms.pdf"]
    for row in form.kept():
        assert path_of(form.desk.tenant.pk, row.key).read_bytes() == ORDER
    assert form.waiting() == []


def test_a_wrong_proof_loses_nothing(form):
    again = form.prove(form.send("PO-9.pdf"), "wrong")

    assert "That is not right." in again.text
    assert "PO-9.pdf" in again.text
    assert form.prove(again).status_code == 302
    assert [row.name for row in form.kept()] == ["PO-9.pdf"]


def test_htmx_is_told_of_them_too(form):
    asked = form.send("PO-9.pdf", headers={"HX-Request": "true"})

    assert form.prove(asked).status_code == 302
    assert len(form.kept()) == 1


def test_what_may_not_be_attached_is_refused_after_the_proof_as_before(form):
    answer = form.prove(form.send("PO-9.exe"))

    assert answer.status_code == 422
    assert "PO-9.exe" in answer.text


def test_never_goes_on_without_the_files_once_they_are_gone(form):
    asked = form.send("PO-9.pdf")
    waiting_files.forget(time.time() + 1)

    answer = form.prove(asked)

    assert answer.status_code == 409
    assert "choose them again" in answer.text
    with tenant_scope(form.desk.tenant):
        assert not EstimateAcceptance.objects.exists()


def test_another_session_does_not_get_them(form):
    asked, form.browser = form.send("PO-9.pdf"), browser_of(form.person)
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert form.prove(asked).status_code == 409
    assert form.kept() == []


def test_one_person_has_one_forms_files_waiting(form):
    form.send("a.pdf", "b.pdf")
    form.send("c.pdf")

    assert len(form.waiting()) == 1


def test_they_are_forgotten_after_an_hour(form):
    form.send("PO-9.pdf")

    assert waiting_files.forget(time.time() - waiting_files.KEPT_SECONDS) == 0
    assert waiting_files.forget(time.time() + 1) == 1
    assert form.waiting() == []


def test_a_full_disk_leaves_nothing_behind(form, monkeypatch):
    def full(source, target):
        target.write(b"a part")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(waiting_files.shutil, "copyfileobj", full)
    form.browser.raise_request_exception = False

    assert form.send("PO-9.pdf").status_code == 507
    assert form.waiting() == []
