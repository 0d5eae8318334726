"""Are the stored reports still what the rows say? Each is made again and compared."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from contracts.domain.canonical import canonical, sha256_of
from contracts.models import Period, PeriodState
from reports.domain.difference import differences
from reports.models import MonthlyReport
from reports.services.chain import facts_in
from reports.services.facts import SCHEMA, Cover, facts_of, month_of
from reports.services.issue import previous_report
from reports.services.papers import PRINTED
from tenants.models import AuditEvent

MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a report."""

    report: str
    what: str

    def __str__(self) -> str:
        return f"{self.report}: {self.what}"


def reports_to_verify() -> list[int]:
    rows = MonthlyReport.objects.order_by("contract_id", "month", "revision")
    return list(rows.values_list("pk", flat=True))


def verify_report(pk: int) -> list[Finding]:
    """Return every difference between a stored report, its hashes, its chain and the rows."""
    report = MonthlyReport.objects.select_related("period__contract__tenant").get(pk=pk)
    name = name_of(report)
    return [Finding(name, what) for what in _wrong(report)]


def name_of(report: MonthlyReport) -> str:
    contract = report.period.contract
    return (
        f"{contract.tenant.code} {contract.number} {report.month:%Y-%m} revision {report.revision}"
    )


def closed_without_report() -> list[Finding]:
    """Return the closed months that have no report."""
    closed = Period.objects.filter(state=PeriodState.CLOSED, reports=None)
    rows = closed.select_related("contract__tenant").order_by("contract_id", "month")
    return [
        Finding(
            f"{period.contract.tenant.code} {period.contract.number} {period.month:%Y-%m}",
            "the month is closed and has no report",
        )
        for period in rows
    ]


def _wrong(report: MonthlyReport) -> Iterator[str]:
    if sha256_of(report.facts) != report.sha256:
        yield "the stored text does not have the stored hash"
    try:
        stored = facts_in(report)
        cover = Cover.from_facts(stored)
    except (ValueError, KeyError, TypeError):
        yield "the stored text cannot be read"
        return
    if canonical(stored) != report.facts:
        yield "the stored text is not canonical"
    yield from _columns(report, cover, month_of(stored) == report.month)
    yield from _life(report)
    if not _is_linked(report):
        yield "it does not name the hash of the month before"
    elif _is_latest(report) and stored["schema"] == SCHEMA:  # older layouts have hash and chain
        yield from _made_again(report, stored, cover)


def _columns(report: MonthlyReport, cover: Cover, same_month: bool) -> Iterator[str]:
    if cover.revision != report.revision or not same_month or cover.draft:
        yield "month and revision of the row are not those of the text"
    if cover.previous_sha256 != report.previous_sha256:
        yield "the hash before it is not that of the text"


def _life(report: MonthlyReport) -> Iterator[str]:
    """Compare stored PDFs with their hash and with the audit, and signatures with the report."""
    event = AuditEvent.objects.filter(subject_type=report._meta.label_lower, subject_id=report.pk)
    told: dict[str, str] = {}
    for data in event.filter(verb=PRINTED).order_by("pk").values_list("data", flat=True):
        told |= data["sha256"]
    for document in report.documents.order_by("language"):
        if sha256(document.content).hexdigest() != document.sha256:
            yield f"the stored PDF ({document.language}) does not have the stored hash"
        if told.get(document.language) != document.sha256:
            yield f"the stored PDF ({document.language}) is not the one that was printed"
    languages = set(report.documents.values_list("language", flat=True))
    for language in sorted(told.keys() - languages):
        yield f"the stored PDF ({language}) is gone"
    if report.signatures.exclude(sha256=report.sha256).exists():
        yield "the signature names another hash"


def _is_linked(report: MonthlyReport) -> bool:
    """Return whether it names a revision of the month before that was there when it was issued."""
    if not report.previous_sha256:
        return previous_report(report.period.contract, report.month) is None
    named = MonthlyReport.objects.filter(
        contract_id=report.contract_id,
        month__lt=report.month,
        sha256=report.previous_sha256,
        issued_at__lte=report.issued_at,
    )
    return named.exists()


def _is_latest(report: MonthlyReport) -> bool:
    """Corrected revisions are history: they have their hash, and the rows tell the latest."""
    later = MonthlyReport.objects.filter(period=report.period, revision__gt=report.revision)
    return not later.exists()


def _made_again(report: MonthlyReport, stored: dict, cover: Cover) -> Iterator[str]:
    again = facts_of(report.period, cover)
    found = list(differences(stored, again))
    yield from found[:MOST_NAMED]
    if len(found) > MOST_NAMED:
        yield f"and {len(found) - MOST_NAMED} more differences"
    if sha256_of(canonical(again)) != report.sha256:
        yield "the rows give another hash"
