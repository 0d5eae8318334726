"""Estimates on the way that most of them take, for tests that begin in the middle of it."""

from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import Any

from contracts.domain.scope import Facts
from tests.factories import MembershipFactory
from tests.tickets.factories import TEN, TERMS, Client, after
from tickets import services
from tickets.models import Estimate, Ticket

LIMITS = {
    "approval_limits": {"bridge_se": 100000, "account_manager": 1000000},
    "client_authority": {"service_owner": 2000000},
    "valid_for": "10bd",
    "warn_at": "80%",
    "deemed_after": "5bd",
}
MONEY_TERMS = deepcopy(TERMS)
MONEY_TERMS["cost"] |= {"estimates": LIMITS, "triage": "30m"}
MONEY_TERMS["time"]["targets"].append({"obligation": "client_decision", "within": "5bd"})
EXTRA = Facts(activity="adaptive")
TEN_HOURS = [{"text": "The new tax form", "tier": "L3", "minutes": 600}]  # 80,000
DELIVERY = date(2026, 4, 28)
ONE, TWO, THREE, FOUR = (after(hours=hours) for hours in (1, 2, 3, 4))
NEXT_DAY = after(hours=24)


class Money(Client):
    """A client whose terms have limits, with a second account manager and service owner."""

    def __init__(self, code: str = "ACME", terms: dict[str, Any] | None = None) -> None:
        super().__init__(code, terms or MONEY_TERMS)
        self.people["second_manager"] = MembershipFactory(
            tenant=self.tenant, role="account_manager", duty_order=200
        )

    def extra(self, at: datetime = TEN, **given: Any) -> Ticket:
        """Open a change request that needs a separate estimate."""
        return self.improvement(at, **{"facts": EXTRA, "title": "A new tax form", **given})

    def draft(self, ticket: Ticket | None = None, now: datetime = ONE, **given: Any):
        told = {"lines": TEN_HOURS, "actor": self.maintenance_engineer, "language": "en"}
        return services.draft_estimate(ticket=ticket or self.extra(), now=now, **{**told, **given})

    def submitted(self, ticket: Ticket | None = None, now: datetime = TWO, **given: Any):
        estimate = self.draft(ticket, **given)
        return services.submit_estimate(estimate=estimate, actor=self.maintenance_engineer, now=now)

    def approve(self, estimate: Estimate, actor=None, now: datetime = THREE, **given: Any):
        seen = {"revision": estimate.revision.number, "amount": estimate.revision.amount}
        return services.approve_estimate(
            estimate=estimate, actor=actor or self.account_manager, now=now, **{**seen, **given}
        )

    def send(self, estimate: Estimate, now: datetime = FOUR, **given: Any) -> Estimate:
        told = {"actor": self.bridge_se}
        return services.send_estimate(estimate=estimate, now=now, **{**told, **given})

    def sent(self, ticket: Ticket | None = None, **given: Any) -> Estimate:
        return self.send(self.approve(self.submitted(ticket, **given)))

    def accept(self, estimate: Estimate, actor=None, now: datetime = NEXT_DAY, **given: Any):
        seen = {"revision": estimate.revision.number, "amount": estimate.revision.amount}
        return services.accept_estimate(
            estimate=estimate, actor=actor or self.service_owner, now=now, **{**seen, **given}
        )

    def accepted(self, ticket: Ticket | None = None, **given: Any) -> Estimate:
        return self.accept(self.sent(ticket, **given))

    def work(
        self,
        ticket: Ticket,
        starts_at: datetime,
        minutes: int,
        now: datetime | None = None,
        **given,
    ):
        """Log minutes of the maintenance engineer, written down at their end unless told."""
        ends_at = starts_at + timedelta(minutes=minutes)
        return services.log_time(
            ticket=ticket,
            actor=self.maintenance_engineer,
            starts_at=starts_at,
            ends_at=ends_at,
            now=now or ends_at,
            **given,
        )


def fresh(estimate: Estimate) -> Estimate:
    rows = Estimate.objects.select_related("revision", "accepted", "ticket")
    return rows.get(pk=estimate.pk)
