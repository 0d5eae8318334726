"""An issued report reaches those who sign it: once, in the client's language, with the stored bytes."""

import pytest
from django.core import mail

from reports.models import MonthlyReport, ReportDocument
from reports.services import life
from reports.services.delivery import DELIVER, tell_of_report
from reports.services.issue import issue_report
from reports.services.papers import PRINT
from tenants.models import AuditEvent, Job, JobState
from tenants.services import jobs
from tests.factories import MembershipFactory
from tests.reports.factories import APRIL, tokyo
from tickets.models import NoticePreference, Notification

pytestmark = pytest.mark.allow_n_plus_one  # a test steps through many commands

CLOSED, LATER = tokyo("2026-05-12 10:00"), tokyo("2026-05-13 10:00")


@pytest.fixture
def report(desk) -> MonthlyReport:
    desk.tenant.language = "ja"
    desk.tenant.save()
    desk.open("2026-04-06 10:00", title="Slow shop")
    return issue_report(desk.contract, APRIL, now=CLOSED)


def run_all(kind: str) -> list[bool]:
    return [jobs.run(pk) for pk in Job.objects.filter(kind=kind).values_list("pk", flat=True)]


def delivered() -> list[mail.EmailMultiAlternatives]:
    run_all(PRINT)
    run_all(DELIVER)
    return mail.outbox


class TestDelivery:
    def test_mails_the_stored_pdf_in_the_clients_language(self, desk, report):
        (sent,) = delivered()

        owner = desk.people["service_owner"]
        stored = ReportDocument.objects.get(report=report, language="ja")
        assert sent.to == [owner.user.email]
        assert sent.subject == "月次報告書 2026年4月: ACME-2026"
        assert f"/reports/{report.public_id}/" in sent.body
        assert report.sha256 in sent.body
        (name, content, kind) = sent.attachments[0]
        assert (name, kind) == ("ACME_ACME-2026_2026-04_r1_ja.pdf", "application/pdf")
        assert content == bytes(stored.content)
        assert sent.extra_headers["Content-Language"] == "ja"

    def test_happens_once_however_often_it_is_run(self, desk, report):
        delivered()
        again = [*run_all(PRINT), *run_all(DELIVER)]
        tell_of_report(report, now=LATER)
        run_all(DELIVER)

        assert again == [False, False]
        assert len(mail.outbox) == 1
        assert AuditEvent.objects.filter(verb="report.delivered").count() == 1
        assert Notification.objects.filter(code="report.issued").count() == 1

    def test_goes_to_each_service_owner_who_wants_mail(self, desk, report):
        second = MembershipFactory(tenant=desk.tenant, role="service_owner")
        quiet = MembershipFactory(tenant=desk.tenant, role="service_owner")
        NoticePreference.objects.create(user=quiet.user, channels={"report": "portal"})
        MembershipFactory(tenant=desk.tenant, role="service_owner", is_active=False)

        to = {address for sent in delivered() for address in sent.to}

        assert to == {desk.people["service_owner"].user.email, second.user.email}
        told = Notification.objects.filter(code="report.issued").values_list("recipient", flat=True)
        assert set(told) == {desk.people["service_owner"].pk, second.pk, quiet.pk}

    def test_stops_for_whoever_left_before_it_was_sent(self, desk, report):
        run_all(PRINT)
        owner = desk.people["service_owner"]
        owner.is_active = False
        owner.save(update_fields=["is_active"])
        run_all(DELIVER)

        assert mail.outbox == []

    def test_is_tried_again_when_the_mail_server_is_away(self, desk, report, monkeypatch):
        run_all(PRINT)
        with monkeypatch.context() as away:
            away.setattr(mail.EmailMultiAlternatives, "send", lambda self: 1 / 0)
            run_all(DELIVER)
        job = Job.objects.get(kind=DELIVER)
        assert (job.state, job.error) == (JobState.WAITING, "ZeroDivisionError")
        assert not AuditEvent.objects.filter(verb="report.delivered").exists()

        job.due_at = CLOSED
        job.save(update_fields=["due_at"])
        run_all(DELIVER)
        assert len(mail.outbox) == 1

    def test_of_a_correction_says_why(self, desk, report):
        delivered()
        desk.contract.title = "Operation of the shop"
        desk.contract.save(update_fields=["title"])
        again = life.reissue_report(
            report=report,
            actor=desk.people["account_manager"],
            reason="Another name.",
            now=LATER,
        )
        sent = delivered()[-1]

        assert sent.subject == "月次報告書(訂正版) 2026年4月: ACME-2026"
        assert "Another name." in sent.body
        assert f"/reports/{again.public_id}/" in sent.body
        assert Notification.objects.filter(code="report.reissued").count() == 1
