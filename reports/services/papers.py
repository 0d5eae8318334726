"""The stored PDFs of an issued report: made once by a worker, then only served."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings

from reports.models import MonthlyReport, ReportDocument
from reports.renderers.edition import Edition
from reports.renderers.pdf import pdf_of
from reports.services.chain import facts_in
from tenants.services import audit, jobs

PRINT = "reports.print"
PRINTED = "report.printed"
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


def ask_for_papers(report: MonthlyReport) -> None:
    """Have the report printed by a worker; asking again changes nothing."""
    jobs.enqueue(PRINT, tenant_id=report.tenant_id, key=report.public_id, report_id=report.pk)


def print_report(
    report: MonthlyReport, *, now: datetime, told: Callable[[int], None] = lambda percent: None
) -> list[ReportDocument]:
    """Make the PDFs that are missing, one a language, and return them; `told` hears how far it is."""
    there = ReportDocument.objects.filter(report=report).values_list("language", flat=True)
    missing = [language for language in LANGUAGES if language not in set(there)]
    made = []
    for number, language in enumerate(missing, start=1):
        made.append(_printed(report, language, now))
        told(number * 90 // len(missing))
    if made:
        ReportDocument.objects.bulk_create(made)
        hashes = {document.language: document.sha256 for document in made}
        audit.record(actor=None, verb=PRINTED, subject=report, at=now, sha256=hashes)
    return made


def _printed(report: MonthlyReport, language: str, now: datetime) -> ReportDocument:
    content = pdf_of(edition_of(report, language))
    return ReportDocument(
        tenant_id=report.tenant_id,
        report=report,
        language=language,
        content=content,
        sha256=sha256(content).hexdigest(),
        made_at=now,
    )


def edition_of(report: MonthlyReport, language: str, **readers: bool) -> Edition:
    """Return the report in a language; without `readers` it shows all, as the client signs it."""
    facts = facts_in(report)
    return Edition(
        facts=facts,
        language=language,
        sha256=report.sha256,
        issued_at=report.issued_at,
        before=_corrected(report, facts),
        **readers,
    )


def _corrected(report: MonthlyReport, facts: dict[str, Any]) -> dict[str, Any] | None:
    """Return the frozen facts of the revision that this one corrects."""
    if (corrects := facts["cover"].get("corrects")) is None:
        return None
    rows = MonthlyReport.objects.filter(period_id=report.period_id, sha256=corrects["sha256"])
    return facts_in(rows.get())
