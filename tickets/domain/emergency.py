"""
Emergency: work outside the scope that is done at once, and what stands behind its minutes.

Duty and money are two questions. Up to the cap the minutes are billable where the service owner was
told at once and the retro-estimate is in time, else they are goodwill; beyond the cap they are held.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.domain.scope import Facts
from contracts.domain.scope_terms import Emergency
from contracts.domain.statement import AuthorityKind
from contracts.domain.vocabulary import Outcome

AT_ONCE = timedelta(hours=1)  # the terms do not say how soon "at once" is
OUTSIDE = (Outcome.ESTIMATE, Outcome.NOT_PROVIDED)


def is_emergency(terms: Emergency | None, outcome: str, facts: Facts) -> bool:
    """Return whether work outside the scope is done at once: a vendor person confirmed how bad it is."""
    return (
        terms is not None
        and outcome in OUTSIDE
        and facts.priority in terms.priorities
        and "priority" in facts.confirmed
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What the client was told of an emergency, and when. `cap` is in minutes, for the ticket."""

    began_at: datetime
    owner_told_at: datetime | None
    estimate_due_at: datetime
    estimate_sent_at: datetime | None
    cap: int

    def at_once(self) -> bool:
        return self.owner_told_at is not None and self.owner_told_at - self.began_at <= AT_ONCE

    def estimate_is_late(self, now: datetime) -> bool:
        """Return whether the retro-estimate came after its deadline, or has not come by `now`."""
        return (self.estimate_sent_at or now) > self.estimate_due_at

    def authority(self, now: datetime) -> AuthorityKind:
        """Return what stands behind minutes within the cap; an estimate not yet due is waited for."""
        if self.at_once() and not self.estimate_is_late(now):
            return AuthorityKind.EMERGENCY
        return AuthorityKind.GOODWILL


def shares(
    told: Told, *, used: int, minutes: int, now: datetime
) -> list[tuple[AuthorityKind, int]]:
    """Return `minutes` by what stands behind them, after `used` ones of the cap; none are lost."""
    within = max(0, min(minutes, told.cap - used))
    parts = [(told.authority(now), within), (AuthorityKind.HELD, minutes - within)]
    return [(kind, part) for kind, part in parts if part]
