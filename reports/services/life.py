"""What people do with an issued report: sign it, remark on it, answer, correct it; or close early."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.models import Contract
from contracts.services import close_period, period_of
from contracts.services.periods import lock_exclusive
from reports.models import MonthlyReport, ReportRemark, ReportSignature
from reports.services.issue import issue_report, latest_report
from reports.services.plan import issue_at_once
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership
from tenants.roles import Role
from tenants.services import audit


@transaction.atomic
def sign_report(
    *, report: MonthlyReport, actor: Membership, seen_sha256: str, now: datetime
) -> ReportSignature:
    """
    Accept a revision for the client, by the hash that was seen.

    :raises NotPermitted: if `actor` is not a service owner of the client.
    :raises Refused: if another revision counts, another hash was seen, it is signed already, or a
        remark waits for its answer.
    """
    _must_be(actor, report, Role.SERVICE_OWNER)
    _lock_latest(report)
    if seen_sha256 != report.sha256:
        raise Refused(_("The report you saw is not this one: open it again and read it first."))
    if report.signatures.exists():
        raise Refused(_("This report is signed already."))
    if report.remarks.open().exists():
        raise Refused(_("A remark waits for its answer: sign after it, or wait for a correction."))
    signature = ReportSignature.objects.create(
        tenant_id=report.tenant_id,
        report=report,
        sha256=seen_sha256,
        signed_by=actor,
        signed_at=now,
    )
    audit.record(actor=actor, verb="report.signed", subject=report, at=now, sha256=seen_sha256)
    return signature


@transaction.atomic
def remark_report(
    *, report: MonthlyReport, actor: Membership, text: str, now: datetime
) -> ReportRemark:
    """
    Say what is wrong with a report; the account manager answers.

    :raises NotPermitted: if `actor` is not a service owner of the client.
    :raises Refused: if another revision counts or it is signed.
    :raises Invalid: if nothing is said.
    """
    _must_be(actor, report, Role.SERVICE_OWNER)
    if not text.strip():
        raise Invalid(_("Remark: write what is wrong, and with which figure."), field="text")
    _lock_latest(report)
    if report.signatures.exists():
        raise Refused(_("This report is signed already."))
    remark = ReportRemark.objects.create(
        tenant_id=report.tenant_id, report=report, text=text, remarked_by=actor, remarked_at=now
    )
    audit.record(
        actor=actor, verb="report.remarked", subject=report, at=now, remark=remark.public_id
    )
    return remark


@transaction.atomic
def answer_remark(
    *, remark: ReportRemark, actor: Membership, answer: str, now: datetime
) -> ReportRemark:
    """
    Answer a remark, once.

    :raises NotPermitted: if `actor` is not an account manager of the client.
    :raises Refused: if it is answered already.
    :raises Invalid: if nothing is said.
    """
    _must_be(actor, remark, Role.ACCOUNT_MANAGER)
    if not answer.strip():
        raise Invalid(_("Answer: write what was found and what follows from it."), field="answer")
    remark = ReportRemark.objects.select_for_update(of=["self"]).get(pk=remark.pk)
    if remark.answered_at is not None:
        raise Refused(_("This remark is answered already."))
    remark.answer, remark.answered_by, remark.answered_at = answer, actor, now
    remark.save(update_fields=["answer", "answered_by", "answered_at"])
    audit.record(
        actor=actor,
        verb="report.answered",
        subject=remark.report,
        at=now,
        remark=remark.public_id,
    )
    return remark


@transaction.atomic
def reissue_report(
    *, report: MonthlyReport, actor: Membership, reason: str, now: datetime
) -> MonthlyReport:
    """
    Make the next revision from the rows as they are told now; the old one stays as it is.

    :raises NotPermitted: if `actor` is not an account manager of the client.
    :raises Refused: if another revision counts, or nothing would differ.
    :raises Invalid: if no reason is given.
    """
    _must_be(actor, report, Role.ACCOUNT_MANAGER)
    if not reason.strip():
        raise Invalid(
            _("Reason: write why the report is corrected; the client reads it."), field="reason"
        )
    period = _lock_latest(report)
    again = issue_report(period.contract, report.month, now=now, actor=actor, correction=reason)
    if again.pk == report.pk:
        raise Refused(_("Names and rows still give this report: there is nothing to correct."))
    return again


@transaction.atomic
def close_early(*, contract: Contract, month: date, actor: Membership, now: datetime) -> None:
    """
    Close an ended month before its grace for late entries is over, and have its report issued.

    :raises NotPermitted: if `actor` is not an account manager of the client.
    :raises Refused: if the month has not ended, or an earlier one is open.
    """
    _must_be(actor, contract, Role.ACCOUNT_MANAGER)
    close_period(period=period_of(contract, month), actor=actor, now=now, early=True)
    issue_at_once(contract, now)


def _must_be(
    actor: Membership, subject: MonthlyReport | ReportRemark | Contract, role: Role
) -> None:
    if actor.tenant_id != subject.tenant_id or actor.role != role:
        raise NotPermitted(_("This is for the desk: %s.") % role.label)


def _lock_latest(report: MonthlyReport):
    """Lock the month and return it; the report must be the revision of it that counts."""
    period = lock_exclusive(report.period)
    if latest_report(period) != report:
        raise Refused(_("This report was corrected: the newer revision counts."))
    return period
