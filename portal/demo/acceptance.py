"""What the demo's clients say to last month's reports: one signs, one asks, one has not read it."""

from datetime import datetime

from django.db import transaction

from reports.models import MonthlyReport
from reports.services import life
from tenants.models import Membership
from tenants.scoping import tenant_scope

SIGNED_BY, ASKED_BY = "MINATO", "LOTUS"
QUESTION = (
    "Số phiếu ngoài phạm vi của tháng này là 1. Vui lòng cho biết điều khoản nào đã được áp dụng"
    " và vì sao."
)


def seed(reports: list[MonthlyReport], now: datetime) -> None:
    """Sign or ask, where nobody did yet; saying it again changes nothing."""
    for report in reports:
        with tenant_scope(report.tenant_id), transaction.atomic():
            code = report.tenant.code
            if report.signatures.exists() or report.remarks.exists():
                continue
            owner = Membership.objects.on_duty("service_owner").first()
            if code == SIGNED_BY:
                life.sign_report(report=report, actor=owner, seen_sha256=report.sha256, now=now)
            if code == ASKED_BY:
                life.remark_report(report=report, actor=owner, text=QUESTION, now=now)
