"""Files of a report: the stored PDF, the workbook and CSV from the frozen facts, the facts themselves."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from reports.access import readers
from reports.models import MonthlyReport, ReportDocument
from reports.renderers.csv import TABLES, WITH_FINDINGS, WITH_MONEY, csv_of
from reports.renderers.edition import Edition
from reports.renderers.xlsx import xlsx_of
from reports.services.chain import facts_in
from reports.services.papers import LANGUAGES, edition_of
from tenants.errors import NotPermitted, Refused

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
def report_pdf(request: HttpRequest, public_id: str, language: str) -> HttpResponse:
    """
    The PDF that was made when the report was issued, byte for byte.

    :raises NotPermitted: to whoever may not see all that is in it.
    :raises Refused: while the worker is still printing it.
    """
    report = report_or_404(request, public_id)
    if not all(readers_of(request, report).values()):
        raise NotPermitted(
            _("The PDF holds the cost statement. The spreadsheet is there for you without it.")
        )
    if language not in LANGUAGES:
        raise Http404
    document = ReportDocument.objects.filter(report=report, language=language).first()
    if document is None:
        raise Refused(_("The PDF is being printed. Try again in a minute."))
    name = f"{edition_of(report, language).file_name}_{language}.pdf"
    return _file(bytes(document.content), "application/pdf", name)


@require_GET
def report_xlsx(request: HttpRequest, public_id: str) -> HttpResponse:
    """The workbook in the reader's language, without what this reader may not see."""
    edition = edition_for(request, report_or_404(request, public_id))
    return _file(xlsx_of(edition), XLSX_TYPE, f"{edition.file_name}.xlsx")


@require_GET
def report_csv(request: HttpRequest, public_id: str, table: str) -> StreamingHttpResponse:
    """
    One table, row by row; all is read from the database before the first row leaves.

    :raises NotPermitted: if the table is of money or findings and this reader may not see them.
    """
    edition = edition_for(request, report_or_404(request, public_id))
    if table not in TABLES:
        raise Http404
    if table in WITH_MONEY and not edition.sees_money:
        raise NotPermitted(_("Costs are for the service owner and the vendor's desks."))
    if table in WITH_FINDINGS and not edition.sees_findings:
        raise NotPermitted(_("Findings are for the service owner and the vendor's desks."))
    answer = StreamingHttpResponse(csv_of(edition, table), content_type="text/csv; charset=utf-8")
    return _named(answer, f"{edition.file_name}_{table}.csv")


@require_GET
def report_json(request: HttpRequest, public_id: str) -> HttpResponse:
    """
    The frozen facts as they were hashed, for whoever checks the fingerprint.

    :raises NotPermitted: to whoever may not see all of them.
    """
    report = report_or_404(request, public_id)
    if not all(readers_of(request, report).values()):
        raise NotPermitted(_("Costs are for the service owner and the vendor's desks."))
    name = f"{edition_of(report, 'en').file_name}.json"
    return _file(report.facts.encode(), "application/json", name)


def report_or_404(request: HttpRequest, public_id: str) -> MonthlyReport:
    """Return the report; another client's is the same 404 as one that never was."""
    rows = MonthlyReport.objects.select_related("tenant")
    return get_object_or_404(rows, public_id=public_id)


def readers_of(request: HttpRequest, report: MonthlyReport) -> dict[str, bool]:
    return readers(request.memberships, report.tenant, facts_in(report))


def edition_for(request: HttpRequest, report: MonthlyReport) -> Edition:
    return edition_of(report, get_language() or "en", **readers_of(request, report))


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    return _named(HttpResponse(content, content_type=kind), name)


def _named(answer: Any, name: str) -> Any:
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    return answer
