"""How an issued report stands, and which steps this person may take on it."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from reports.domain.life import Standing, standing
from reports.models import MonthlyReport
from reports.renderers.csv import WITH_FINDINGS, WITH_MONEY
from reports.services.papers import LANGUAGES
from tenants.roles import Role


def csv_files(sees_money: bool, sees_findings: bool) -> list[tuple[str, str]]:
    """Return the CSV tables that this reader may have, by name and label."""
    labels = {
        "service-levels": _("Service levels"),
        "misses": _("Misses"),
        "out-of-scope": _("Out of scope"),
        "statement": _("Cost statement"),
        "time-entries": _("Time entries"),
        "late-entries": _("Late entries"),
        "availability": _("Availability"),
        "alerts": _("Alerts by source"),
        "findings": _("Security findings"),
        "tickets": _("Tickets"),
    }
    hidden = (set() if sees_money else WITH_MONEY) | (set() if sees_findings else WITH_FINDINGS)
    return [(name, label) for name, label in labels.items() if name not in hidden]


def life_of(request: HttpRequest, report: MonthlyReport) -> dict[str, Any]:
    """Return revisions, signature, remarks, files and steps of a report, for its page."""
    revisions = list(
        MonthlyReport.objects.filter(period_id=report.period_id)
        .defer("facts")
        .select_related("issued_by__user")
        .order_by("-revision")
    )
    signature = report.signatures.select_related("signed_by__user").first()
    remarks = list(report.remarks.select_related("remarked_by__user", "answered_by__user"))
    newest = revisions[0]
    where = standing(
        is_latest=newest.pk == report.pk,
        is_signed=signature is not None,
        answered=[remark.answered_at is not None for remark in remarks],
    )
    roles = {m.role for m in request.memberships if m.tenant_id == report.tenant_id}
    printed = set(report.documents.values_list("language", flat=True))
    return {
        "newer": newest if where is Standing.CORRECTED else None,
        "revisions": revisions,
        "signature": signature,
        "remarks": remarks,
        "standing": where,
        "papers": [(code, code in printed) for code in LANGUAGES],
        "printed_all": printed >= set(LANGUAGES),
        "may_sign": where is Standing.ISSUED and Role.SERVICE_OWNER in roles,
        "may_remark": where in (Standing.ISSUED, Standing.REMARKED) and Role.SERVICE_OWNER in roles,
        "may_answer": Role.ACCOUNT_MANAGER in roles,
        "may_correct": where is not Standing.CORRECTED and Role.ACCOUNT_MANAGER in roles,
    }
