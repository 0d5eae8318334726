"""Which of a client's contracts work falls under, where several cover one system."""

from dataclasses import dataclass, replace
from datetime import date

from django.db.models import BigIntegerField, DateField, Q, QuerySet

from contracts.domain import scope
from contracts.domain.scope import Facts
from contracts.domain.terms import Terms
from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from tenants.models import Tenant
from tenants.prepared import Prepared, Slot


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
    found = list(running(tenant, on))
    versions = in_force_by_contract(found, on)
    return Binding(tuple(c for c in found if names(versions.get(c.pk), system, activity)))


def in_force_by_contract(contracts: list[Contract], on: date) -> dict[int, ContractVersion]:
    rows = ContractVersion.objects.filter(contract__in=contracts).in_force(on)
    last = rows.order_by("contract_id", "-effective_on").distinct("contract_id")
    return {version.contract_id: version for version in last}


def has_others(contract: Contract, on: date) -> bool:
    """Return whether the client has other contracts on a day: most have one."""
    asked = {"tenant": contract.tenant_id, "contract": contract.pk, "on": on}
    return OTHERS.first(**asked) is not None


def running(tenant: Tenant | Slot, on: date | Slot) -> QuerySet[Contract]:
    contracts = Contract.objects.filter(tenant=tenant, starts_on__lte=on)
    return contracts.filter(Q(ends_on=None) | Q(ends_on__gt=on)).order_by("number")


def bind(
    contract: Contract,
    terms: Terms,
    facts: Facts,
    system: str,
    on: date,
    *,
    others: bool | None = None,
) -> tuple[Contract, Facts]:
    """
    Return the contract that a request falls under, and its facts as that reads them.

    It is the one asked under, unless one other of the client's, and it alone, answers for the
    activity. Answers to one contract's questions say nothing to another's: their activity does.
    `others` is whether there are any, where it is known.
    """
    activity = scope.decide(terms, facts).activity if others is not False else None
    if activity is None or not (others or has_others(contract, on)):
        return contract, facts
    bound = contracts_for(contract.tenant, system, activity, on)
    if bound.contract is None or bound.contract == contract:
        return contract, facts
    return bound.contract, replace(facts, activity=activity.value, answers={})


def names(version: ContractVersion | None, system: str, activity: str) -> bool:
    terms = rules_of(version).terms if version else None
    if terms is None or terms.system(system) is None:
        return False
    return not activity or terms.accountable(activity) is not None


OTHERS = Prepared(
    lambda: (
        running(Slot("tenant", BigIntegerField()), Slot("on", DateField()))
        .exclude(pk=Slot("contract", BigIntegerField()))
        .values_list("pk")[:1]
    )
)
