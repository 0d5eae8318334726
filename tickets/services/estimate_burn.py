"""What an accepted estimate has used up, priced like the month's statement; when most is, a warning."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from contracts.domain.cost import Authority, Carried, Month, MonthFacts, Work, statement
from contracts.domain.money import WHOLE
from contracts.domain.months import first_of_month
from contracts.domain.statement import AuthorityKind as Kind
from contracts.domain.terms import Place, Tier
from contracts.models import ContractVersion
from contracts.rules import rules_of
from contracts.services.month_facts import in_force
from tenants.models import Membership
from tickets.domain.offer import MOST
from tickets.models import Decision, Estimate, Settlement, Ticket, TimeEntry
from tickets.models.choices import AuthorityKind, Outcome, Pricing
from tickets.services.estimate_steps import record, terms_of


@dataclass(frozen=True, slots=True)
class Burn:
    """
    Work under an estimate: `used` minor units at the contract's rates, of its `amount`.

    `held` are minutes that wait for it. Beyond the amount nothing is charged.
    """

    amount: int
    used: int
    minutes: int
    held: int

    @property
    def basis_points(self) -> int:
        return self.used * WHOLE // self.amount

    @property
    def is_over(self) -> bool:
        return self.used > self.amount


def estimate_for(ticket: Ticket, decision: Decision, at: datetime) -> Estimate | None:
    """
    Return the estimate that work of an instant is under, or waits for; None where none is asked for.

    Work done before it was drafted waits for it too, as long as it is not over.
    """
    if decision.outcome != Outcome.ESTIMATE:
        return None
    rows = Estimate.objects.filter(ticket=ticket).select_related("revision", "accepted")
    found = next((row for row in rows.order_by("number") if row.was_alive(at)), None)
    if found is not None:
        found.ticket = ticket
    return found


def burn_of(estimate: Estimate) -> Burn:
    """
    Return what was used of the accepted amount, or of the one on the table while none is accepted.

    :raises RateMissing: if no rate was agreed for some of the work.
    """
    rows = list(entries_of(estimate))
    under = [row for row in rows if row.stands == AuthorityKind.ESTIMATE]
    amount = (estimate.accepted or estimate.revision).amount
    held = sum(row.minutes for row in rows if row.stands == AuthorityKind.HELD)
    return Burn(amount, used_by(estimate, under), sum(row.minutes for row in under), held)


def entries_of(estimate: Estimate):
    """Return the ticket's entries that are under the estimate or are held, as they stand now."""
    last = Settlement.objects.filter(entry=OuterRef("pk")).order_by("-pk")
    settled = Coalesce(Subquery(last.values("authority")[:1]), "authority")
    key = Coalesce(Subquery(last.values("estimate__public_id")[:1]), "authority_key")
    rows = (
        TimeEntry.objects.standing()
        .filter(ticket=estimate.ticket)
        .annotate(stands=settled, under=key)
    )
    mine = rows.filter(stands=AuthorityKind.ESTIMATE, under=estimate.public_id)
    held = rows.filter(stands=AuthorityKind.HELD, decision__outcome=Outcome.ESTIMATE)
    return (mine | held).order_by("starts_at", "pk")


def used_by(estimate: Estimate, entries: Iterable[TimeEntry]) -> int:
    """Return what the entries cost at the contract's rates, in minor units, without a limit."""
    by_month: defaultdict[Month, list[Work]] = defaultdict(list)
    contract = estimate.ticket.contract
    for entry in entries:
        day = first_of_month(contract.local_date(entry.starts_at))
        by_month[Month(day.year, day.month, contract.timezone)].append(work_of(entry))
    if not by_month:
        return 0
    known = ContractVersion.objects.filter(contract=contract).exclude(activated_at=None)
    versions = tuple(
        in_force(rules_of(version), version.effective_on)
        for version in known.order_by("effective_on")
    )
    used, begins = 0, Carried()
    for month in sorted(by_month, key=str):
        facts = MonthFacts(
            month,
            versions,
            contract.starts_on,
            contract.ends_on,
            work=tuple(by_month[month]),
            carried=Carried(triage=begins.triage, estimates=begins.estimates),
        )
        stated = statement(facts)
        used += sum(piece.amount for piece in stated.charged)
        begins = stated.carried
    return used


def work_of(entry: TimeEntry) -> Work:
    """Return an entry under an estimate; what was held at first had the ticket's triage free."""
    starts_at = entry.starts_at.replace(second=0, microsecond=0)
    return Work(
        ref=str(entry.pk),
        ticket=str(entry.ticket_id),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=entry.minutes),
        tier=Tier(entry.tier),
        authority=Authority(Kind.ESTIMATE, "estimate", entry.clause_id, MOST),
        place=Place(entry.place) if entry.place else None,
        triage=entry.triage or entry.authority == AuthorityKind.HELD,
    )


def warn_of_burn(estimate: Estimate, *, actor: Membership | None, now: datetime) -> None:
    """
    Propose a change order once when `warn_at` of a not-to-exceed is used; once for each acceptance.
    """
    accepted = estimate.accepted
    if not estimate.has_authority or estimate.warned_at or accepted.pricing == Pricing.FIXED:
        return
    burn = burn_of(estimate)
    if burn.basis_points < terms_of(estimate.ticket, now).warn_at:
        return
    estimate.warned_at = now
    estimate.save(update_fields=["warned_at"])
    record(estimate, "change_proposed", actor=actor, now=now, used=burn.used, accepted=burn.amount)
