"""A report is issued: the month closes, its facts freeze, and the next link of the chain is made."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.domain.canonical import sha256_of
from contracts.domain.months import first_of_month, previous_month
from contracts.models import Contract, Period
from contracts.services import close_period, period_of
from contracts.services.periods import lock_exclusive
from reports import queries
from reports.domain.difference import differences
from reports.models import MonthlyReport
from reports.services.chain import Chain, facts_in
from reports.services.facts import SCHEMA, Cover, Facts, facts_of, text_of
from reports.services.papers import ask_for_papers
from tenants.errors import Refused
from tenants.models import Membership
from tenants.services import audit
from tickets.services.openings import drafted
from tickets.services.settlements import release_held


@transaction.atomic
def issue_report(
    contract: Contract,
    month: date,
    *,
    now: datetime,
    actor: Membership | None = None,
    correction: str = "",
) -> MonthlyReport:
    """
    Close the month (its first day) and freeze its facts; a second call returns the same report.

    Where the facts made again differ from the stored ones, only a `correction` that says why makes
    the next revision.

    :raises Refused: if the grace for late entries is not over, the month before has no report, or
        the facts differ and nobody said why.
    """
    period = lock_exclusive(period_of(contract, month))
    latest = latest_report(period)
    if latest is None:
        previous = previous_report(contract, month)
        if previous is None and month > first_of_month(contract.starts_on):
            raise Refused(_("The month before has no report yet: issue that one first."))
        if period.is_open and now >= period.closes_at:
            release_held(period, now)
        period = close_period(period=period, actor=actor, now=now)
        cover = Cover.of(period, previous_sha256=previous.sha256 if previous else "")
        return _freeze(period, cover, actor, now)
    return _again(period, latest, actor, now, correction)


def draft_facts(contract: Contract, month: date, *, now: datetime) -> Facts:
    """
    Return the facts of a month that is not closed, as they stand at `now`.

    Pools carry over from months without a report as they would stand today.
    """
    period = period_of(contract, month)
    previous = _last_before(contract, month)
    cover = Cover.of(period, previous_sha256=previous.sha256 if previous else "", draft=True)
    chain = Chain(contract.pk, cover.previous_sha256)
    chain.drafted = drafted(contract, month, previous.month if previous else None, chain)
    return facts_of(period, cover, chain, until=now)


def latest_report(period: Period) -> MonthlyReport | None:
    return MonthlyReport.objects.filter(period=period).order_by("-revision").first()


def previous_report(contract: Contract, month: date) -> MonthlyReport | None:
    """Return the latest revision of the month before."""
    rows = MonthlyReport.objects.filter(contract=contract, month=previous_month(month))
    return rows.order_by("-revision").first()


def _again(
    period: Period, latest: MonthlyReport, actor: Membership | None, now: datetime, correction: str
) -> MonthlyReport:
    """Return the latest report where it still holds, else its next revision."""
    stored = facts_in(latest)
    again = facts_of(period, Cover.from_facts(stored))
    # One of an older layout says the same in other words: it stands until somebody corrects it.
    compared = stored["schema"] == SCHEMA or bool(correction.strip())
    changed = list(differences(stored, again)) if compared else []
    if changed and not correction.strip():
        raise Refused(_("The rows no longer give this report. A correction must say why."))
    if not changed and not (correction and _is_named_otherwise(period, stored)):
        return latest
    previous = previous_report(period.contract, period.month)
    cover = Cover.of(
        period,
        revision=latest.revision + 1,
        previous_sha256=previous.sha256 if previous else "",
        last_ticket=stored["cover"]["last_ticket"],  # later ones count in the next report
        last_link=stored["cover"].get("last_link"),
        corrects={"revision": latest.revision, "sha256": latest.sha256, "reason": correction},
    )
    return _freeze(period, cover, actor, now, reason=correction, changed=changed[:50])


def _is_named_otherwise(period: Period, stored: Facts) -> bool:
    """Return whether client, contract or a ticket has another name than the report says."""
    cover = Cover.of(period, last_ticket=stored["cover"]["last_ticket"], last_link=0).to_dict()
    named = ("tenant_name", "number", "title")
    if any(cover[name] != stored["cover"][name] for name in named):
        return True
    return queries.titles_of(stored["titles"]) != stored["titles"]


def _freeze(
    period: Period, cover: Cover, actor: Membership | None, now: datetime, **data: object
) -> MonthlyReport:
    facts = facts_of(period, cover)
    text = text_of(facts)
    period.left = facts["cost"]["carried"]
    period.save(update_fields=["left"])
    report = MonthlyReport.objects.create(
        tenant_id=period.tenant_id,
        contract_id=period.contract_id,
        period=period,
        month=period.month,
        revision=cover.revision,
        facts=text,
        sha256=sha256_of(text),
        previous_sha256=cover.previous_sha256,
        issued_at=now,
        issued_by=actor,
        reason=cover.corrects["reason"] if cover.corrects else "",
    )
    ask_for_papers(report)
    audit.record(
        actor=actor,
        verb="report.reissued" if cover.corrects else "report.issued",
        subject=report,
        at=now,
        period=period.pk,
        month=period.month.isoformat(),
        revision=report.revision,
        sha256=report.sha256,
        previous_sha256=report.previous_sha256,
        **data,
    )
    return report


# --- drafts ---


def _last_before(contract: Contract, month: date) -> MonthlyReport | None:
    rows = MonthlyReport.objects.filter(contract=contract, month__lt=month)
    return rows.order_by("-month", "-revision").first()
