"""Which of a client's contracts work falls under, where several cover one system."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from contracts.models import Contract
from contracts.rules import rules_of
from contracts.services import version_in_force
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Binding:
    """The contracts that name the work; with several, nothing is bound and a person decides."""

    candidates: tuple[Contract, ...]

    @property
    def contract(self) -> Contract | None:
        return self.candidates[0] if len(self.candidates) == 1 else None

    @property
    def is_undecided(self) -> bool:
        return len(self.candidates) > 1

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(contract.number for contract in self.candidates)


def contracts_for(tenant: Tenant, system: str, activity: str, on: date) -> Binding:
    """
    Return which contracts in force on a day name the system and answer for the activity.

    While the activity is not known (empty), every contract of the system is a candidate.
    """
    contracts = Contract.objects.filter(tenant=tenant, starts_on__lte=on)
    running = contracts.filter(Q(ends_on=None) | Q(ends_on__gt=on)).order_by("number")
    return Binding(tuple(c for c in running if names(c, system, activity, on)))


def names(contract: Contract, system: str, activity: str, on: date) -> bool:
    if (version := version_in_force(contract, on)) is None:
        return False
    terms = rules_of(version).terms
    if terms.system(system) is None:
        return False
    return not activity or terms.accountable(activity) is not None
