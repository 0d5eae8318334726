"""
An issued report reaches the client's service owners: in the portal, and once by e-mail with its PDF.

The job of an e-mail is named after report and recipient, so nothing sends it twice; its Message-ID
too, by which a mailbox knows the one that a killed worker sent again.
"""

from datetime import datetime
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from contracts import formats
from reports.models import MonthlyReport, ReportDocument
from reports.renderers.edition import Edition
from reports.services.papers import PRINT, edition_of, print_report
from tenants.models import Job, Membership
from tenants.roles import Role
from tenants.services import audit, jobs
from tickets.domain.notices import Channel, Kind, channel_of
from tickets.notice_words import one_line
from tickets.services.notice_mail import absolute, choices_url, domain, may_still
from tickets.services.notices import News, choices_of, write
from tickets.services.recipients import SENTENCES, Sentence

DELIVER = "reports.deliver"
ISSUED, CORRECTED = "report.issued", "report.reissued"
SENTENCES |= {  # their e-mail is the one below, with the PDF
    ISSUED: Sentence(Kind.REPORT, by_mail=False),
    CORRECTED: Sentence(Kind.REPORT, by_mail=False),
}


@jobs.handles(PRINT)
def print_and_tell(job: Job) -> None:
    """Print an issued report, and tell its readers once its PDFs are stored."""
    rows = MonthlyReport.objects.select_related("contract")
    report, now = rows.get(pk=job.payload["report_id"]), timezone.now()
    print_report(report, now=now, told=lambda percent: jobs.show_progress(job, percent))
    tell_of_report(report, now=now)


def tell_of_report(report: MonthlyReport, *, now: datetime) -> None:
    """Tell the service owners that a report is there, and mail it to those who want mail."""
    code = CORRECTED if report.revision > 1 else ISSUED
    owners = list(owners_of(report))
    news = News(
        key=f"report:{report.public_id}",
        at=report.issued_at,
        now=now,
        contract=report.contract,
        facts={"report": report.public_id, "month": report.month.isoformat()},
    )
    write(news, [(code, owner) for owner in owners])
    chosen = choices_of({owner.user_id for owner in owners})
    for owner in owners:
        if channel_of(Kind.REPORT, chosen.get(owner.user_id, {})) in (Channel.MAIL, Channel.DAILY):
            jobs.enqueue(
                DELIVER,
                tenant_id=report.tenant_id,
                key=f"{report.public_id}:{owner.public_id}",
                report_id=report.pk,
                recipient_id=owner.pk,
            )


def owners_of(report: MonthlyReport):
    rows = Membership.objects.on_duty(Role.SERVICE_OWNER).filter(tenant_id=report.tenant_id)
    return rows.filter(user__is_active=True).select_related("user", "tenant")


@jobs.handles(DELIVER)
def deliver(job: Job) -> None:
    """Mail one report to one service owner, unless they have left."""
    report = MonthlyReport.objects.select_related("tenant", "contract").get(
        pk=job.payload["report_id"]
    )
    owner = Membership.objects.select_related("user", "tenant").get(pk=job.payload["recipient_id"])
    if not may_still(owner):
        return
    now = timezone.now()
    audit.record(
        actor=None, verb="report.delivered", subject=report, at=now, recipient=owner.public_id
    )
    message(report, owner).send()


def message(report: MonthlyReport, owner: Membership) -> EmailMultiAlternatives:
    """Return the e-mail in the client's language, with the stored PDF and a link to the page."""
    language = report.tenant.language
    document = ReportDocument.objects.get(report=report, language=language)
    edition = edition_of(report, language)
    with edition.speaking():
        context = _said(report, edition, owner)
        mail = EmailMultiAlternatives(
            subject=one_line(f"{context['headline']}: {edition.facts['cover']['number']}"),
            body=render_to_string("reports/mail/issued.txt", context),
            to=[owner.user.email],
            headers={
                "Message-ID": f"<report-{report.public_id}-{owner.public_id}@{domain()}>",
                "Auto-Submitted": "auto-generated",
                "X-Auto-Response-Suppress": "All",
                "Content-Language": language,
            },
        )
        mail.attach_alternative(render_to_string("reports/mail/issued.html", context), "text/html")
    mail.attach(f"{edition.file_name}_{language}.pdf", bytes(document.content), "application/pdf")
    return mail


def _said(report: MonthlyReport, edition: Edition, owner: Membership) -> dict[str, Any]:
    told = edition.facts["summary"]
    month = {"month": formats.month(edition.month)}
    corrects = edition.facts["cover"].get("corrects")
    text = _("Corrected monthly report, %(month)s") if corrects else _("Monthly report, %(month)s")
    return {
        "headline": text % month,
        "about": f"{edition.facts['cover']['number']} {edition.facts['cover']['title']}",
        "reason": corrects["reason"] if corrects else "",
        "lines": [
            (_("Requests received"), formats.number(told["received"])),
            (_("SLA met"), formats.percent(told["basis_points"])),
            (_("Missed"), formats.number(told["missed"])),
            (_("Out of scope"), formats.number(told["out_of_scope"])),
        ],
        "url": absolute(reverse("reports:page", args=[report.public_id])),
        "sha256": report.sha256,
        "member": owner,
        "choices_url": choices_url(),
    }
