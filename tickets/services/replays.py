"""
A version of a contract run against its past tickets: asked for, done by a job, told as one document.

The rules are `tickets.domain.replay` and `tickets.domain.replay_money`; both say what is assumed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from contracts.domain.months import first_of_month, next_month
from contracts.domain.terms import ALWAYS
from contracts.models import Contract, ContractVersion
from contracts.rules import Rules, rules_of
from contracts.services.month_facts import in_force
from tenants.errors import Invalid, NotPermitted
from tenants.models import Job, Membership
from tenants.roles import Role
from tenants.services import audit, jobs
from tickets.domain.replay import Replayed, moves_between, new_gaps, replay, transitions
from tickets.domain.replay_money import Deal, minutes_by_stage, price
from tickets.models import Replay
from tickets.services.past import (
    count_tickets,
    past_agreements,
    past_purchases,
    past_tickets,
    past_work,
)

KIND = "tickets.replay"
MAY_ASK = (Role.ACCOUNT_MANAGER, Role.BRIDGE_SE)
READ = 90  # percent of the way when the last ticket is read

Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Months:
    """The whole months [from_on, until_on) of a contract that are replayed."""

    from_on: date
    until_on: date

    @classmethod
    def around(
        cls, contract: Contract, from_on: date | None, until_on: date | None, now: datetime
    ) -> "Months":
        """
        Return the whole months that hold the days [from_on, until_on).

        They begin with the contract at the earliest, and end with the running month at the latest,
        where nothing is said as well.

        :raises Invalid: if no month is left.
        """
        first = first_of_month(contract.starts_on)
        latest = next_month(first_of_month(contract.local_date(now)))
        start = max(first, first_of_month(from_on or first))
        end = first_of_month(until_on or latest)
        if until_on is not None and until_on != end:
            end = next_month(end)
        end = min(end, latest)
        if start >= end:
            raise Invalid(_("No month of this contract lies in that range."), field="until_on")
        return cls(start, end)


@transaction.atomic
def ask_replay(
    *,
    contract: Contract,
    version: ContractVersion,
    from_on: date | None,
    until_on: date | None,
    actor: Membership,
    now: datetime,
) -> Replay:
    """
    Ask for a version, a draft as a rule, to be run against the tickets of past months.

    The days [from_on, until_on) are widened to whole months: quotas, pools and fees are of months.
    None stands for the contract's first month, and for the running one.

    :raises NotPermitted: unless `actor` is an account manager or a bridge SE of this client.
    :raises Invalid: if the version cannot be held against this contract's months.
    """
    if actor.role not in MAY_ASK or actor.tenant_id != contract.tenant_id:
        raise NotPermitted(_("Only an account manager or a bridge SE replays a contract."))
    if version.contract_id != contract.pk:
        raise Invalid(_("This version belongs to another contract."), field="version")
    months = Months.around(contract, from_on, until_on, now)
    comparable(contract, rules_of(version), months)
    asked = Replay.objects.create(
        tenant_id=contract.tenant_id,
        contract=contract,
        version=version,
        from_on=months.from_on,
        until_on=months.until_on,
        asked_by=actor,
        asked_at=now,
    )
    audit.record(
        actor=actor,
        verb="replay.asked",
        subject=asked,
        at=now,
        version=version.number,
        from_on=months.from_on.isoformat(),
        until_on=months.until_on.isoformat(),
    )
    jobs.enqueue(KIND, tenant_id=asked.tenant_id, key=asked.job_key, replay_id=asked.pk)
    return asked


@jobs.handles(KIND)
def do_replay(job: Job) -> None:
    """Run the replay that was asked for and write its result, the one thing it writes."""
    asked = Replay.objects.select_related("contract", "version").get(pk=job.payload["replay_id"])
    found = replay_terms(
        asked.contract,
        rules_of(asked.version),
        Months(asked.from_on, asked.until_on),
        lambda percent: jobs.show_progress(job, percent),
    )
    asked.result = {"sha256": asked.version.sha256, **found}
    asked.finished_at = timezone.now()
    asked.save(update_fields=["result", "finished_at"])


def replay_of(version: ContractVersion) -> Replay | None:
    """Return the latest replay of a version as its text is now; else one that still runs."""
    asked = Replay.objects.filter(version=version)
    same_text = asked.filter(result__sha256=version.sha256).order_by("-finished_at")
    return same_text.first() or asked.filter(finished_at=None).order_by("-asked_at").first()


def comparable(contract: Contract, rules: Rules, months: Months) -> list[ContractVersion]:
    """
    Return the versions that were in force, oldest first, if `rules` can be held against them.

    :raises Invalid: if there is none, or time zone or currency are others.
    """
    known = ContractVersion.objects.filter(contract=contract).exclude(activated_at=None)
    versions = list(known.filter(effective_on__lt=months.until_on).order_by("effective_on"))
    if not versions:
        raise Invalid(_("No version of this contract was in force in these months."))
    if rules.terms.timezone != contract.timezone:
        raise Invalid(_("A replay keeps the contract's time zone."), field="timezone")
    if {rules_of(version).terms.currency for version in versions} != {rules.terms.currency}:
        raise Invalid(_("A replay keeps the contract's currency."), field="currency")
    return versions


def replay_terms(
    contract: Contract, rules: Rules, months: Months, tell: Tell = lambda percent: None
) -> dict[str, Any]:
    """
    Return what changes if `rules` had been in force in these months; it writes nothing.

    `tell` is told the percent done. Money is in minor units; the document is fit for JSON.

    :raises Invalid: if `rules` cannot be held against these months.
    """
    versions = comparable(contract, rules, months)
    deal = Deal(
        contract.timezone,
        contract.starts_on,
        contract.ends_on,
        tuple(in_force(rules_of(version), version.effective_on) for version in versions),
        past_purchases(contract, months.until_on),
        past_agreements(contract, months.until_on),
    )
    over = deal.months(months.from_on, months.until_on)
    bounds = over[0].starts_at, over[-1].ends_at
    moves = {v.pk: moves_between(rules_of(v).terms, rules.terms) for v in versions}
    wanted = count_tickets(contract, bounds)
    tickets = past_tickets(
        contract, bounds, moves, lambda read: tell(READ * min(read, wanted) // max(wanted, 1))
    )
    hours = rules.hours[rules.terms.time.hours or ALWAYS]
    stages = list(replay(rules.terms, hours, tickets))
    works = past_work(contract, bounds[1])
    priced = price(deal, in_force(rules, months.from_on), over, works, stages)
    worked = minutes_by_stage(works, over)
    return {
        "from_on": months.from_on.isoformat(),
        "until_on": months.until_on.isoformat(),
        **told(stages, lambda done: {"minutes": worked.get(done.stage.key, 0)}),
        "outcomes": priced.outcomes(),
        "money": priced.to_dict(),
    }


def told(stages: list[Replayed], beside: Callable[[Replayed], dict[str, int]]) -> dict[str, Any]:
    """Return what became of the verdicts; `beside` adds to each stage that is listed."""
    rulings = [done for done in stages if done.stage.overrules is not None]
    return {
        "tickets": len({done.ticket for done in stages}),
        "stages": len(stages),
        "ruled": len(rulings),
        "transitions": transitions(stages),
        "changes": [done.to_dict() | beside(done) for done in stages if done.changed],
        "gaps": [gap.to_dict() for gap in new_gaps(stages)],
        "rulings": [d.to_dict() | beside(d) for d in rulings if d.asks_ruling_again],
    }
