"""
Terms: the document of one contract version, and how it is read and written.

The parts live beside it (`scope_terms`, `time_terms`, `cost_terms`, `vocabulary`) and are named
here again, so that `from contracts.domain.terms import ...` finds every word of a contract.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, ValidationError

from contracts.domain.cost_terms import (
    CostTerms,
    EstimateTerms,
    Multipliers,
    Pool,
    Rollover,
    Rounding,
    Tax,
)
from contracts.domain.scope_terms import (
    ClassifyQuestion,
    Clause,
    Effort,
    Emergency,
    Quota,
    ScopeTerms,
    Then,
    Warranty,
    When,
)
from contracts.domain.term_checks import ALWAYS, errors_of
from contracts.domain.term_errors import TermsInvalid, from_validation
from contracts.domain.term_types import Flag, Key, Part, Some, Texts
from contracts.domain.time_terms import Calendar, Credit, Hours, Joint, Target, TimeTerms
from contracts.domain.vocabulary import (
    CLIENT_ROLES,
    MAINTENANCE_ACTIVITIES,
    VENDOR_ROLES,
    Activity,
    AtRenewal,
    Cause,
    Commitment,
    FirstMonth,
    Language,
    ObligationKind,
    Outcome,
    Party,
    Place,
    Priority,
    Role,
    RoundingPer,
    TakesEffect,
    TaxOn,
    Tier,
    WhenEmpty,
    WorkStream,
    stream_of,
)

__all__ = [
    "ALWAYS",
    "CLIENT_ROLES",
    "MAINTENANCE_ACTIVITIES",
    "VENDOR_ROLES",
    "Accountable",
    "Activity",
    "AtRenewal",
    "Calendar",
    "Cause",
    "ClassifyQuestion",
    "Clause",
    "Commitment",
    "CostTerms",
    "Credit",
    "Effort",
    "Emergency",
    "EstimateTerms",
    "FirstMonth",
    "Joint",
    "Language",
    "Multipliers",
    "ObligationKind",
    "Outcome",
    "Party",
    "Place",
    "Pool",
    "Priority",
    "Quota",
    "Responsibility",
    "Role",
    "Rollover",
    "Rounding",
    "RoundingPer",
    "ScopeTerms",
    "System",
    "TakesEffect",
    "Target",
    "Tax",
    "TaxOn",
    "Terms",
    "TermsInvalid",
    "Then",
    "Tier",
    "TimeTerms",
    "Warranty",
    "When",
    "WhenEmpty",
    "WorkStream",
    "dump",
    "parse",
    "schema",
    "stream_of",
    "text_in",
]


class Accountable(NamedTuple):
    tier: Tier
    party: Party


class System(Part):
    key: Key
    name: Texts
    environments: Annotated[Some[Key], Field(max_length=20)]
    revenue_critical: Flag = False


class Responsibility(Part):
    activities: Some[Activity]
    tier: Tier
    party: Party = Party.VENDOR


class Terms(Part):
    """What was agreed, complete; months and days are those of `timezone`."""

    terms: Literal[1]
    currency: str
    timezone: str
    languages: Some[Language]
    systems: Annotated[tuple[System, ...], Field(min_length=1, max_length=100)]
    hours: Annotated[dict[Key, Hours], Field(max_length=30)] = {}
    responsibilities: Annotated[tuple[Responsibility, ...], Field(max_length=30)] = ()
    scope: ScopeTerms
    time: TimeTerms = TimeTerms()
    cost: CostTerms

    def target_for(
        self,
        obligation: str,
        activity: str | None = None,
        priority: str | None = None,
        system: str | None = None,
    ) -> Target | None:
        """Return the first target that covers these, or None: nothing was promised."""
        for target in self.time.targets:
            if target.covers(obligation, activity, priority, system):
                return target
        return None

    def hours_of(self, target: Target) -> str | None:
        """Return the name of the hours on which `target` counts."""
        return target.hours or self.time.hours

    def accountable(self, activity: str) -> Accountable | None:
        """Return who answers for `activity`, or None where the terms name nobody."""
        for responsibility in self.responsibilities:
            if activity in responsibility.activities:
                return Accountable(responsibility.tier, responsibility.party)
        return None

    def rate_for(self, tier: str, place: str | None = None) -> int | None:
        """Return minor units an hour; None where no rate is agreed for this tier and place."""
        rate = self.cost.rates.get(Tier(tier))
        if isinstance(rate, dict):
            return None if place is None else rate.get(Place(place))
        return rate

    def pool(self, key: str) -> Pool | None:
        return next((pool for pool in self.cost.pools if pool.key == key), None)

    def clause(self, clause_id: str) -> Clause | None:
        return next((clause for clause in self.scope.clauses if clause.id == clause_id), None)

    def system(self, key: str) -> System | None:
        return next((system for system in self.systems if system.key == key), None)

    def system_keys(self) -> list[str]:
        return [system.key for system in self.systems]

    def environments_of(self, keys: tuple[str, ...] | None = None) -> list[str]:
        """Return the environments of the named systems, or of all, each once."""
        found = (s.environments for s in self.systems if keys is None or s.key in keys)
        return list(dict.fromkeys(name for environments in found for name in environments))


def parse(document: Mapping[str, Any]) -> Terms:
    """
    Return the terms that `document` (read from YAML or JSON) writes.

    :raises TermsInvalid: if anything is wrong; it lists all errors with their paths and fixes.
    """
    try:
        terms = Terms.model_validate(document)
    except ValidationError as error:
        raise from_validation(error) from None
    if errors := errors_of(terms):
        raise TermsInvalid(errors)
    return terms


def dump(terms: Terms) -> dict[str, Any]:
    """Return the document of `terms`, fit for JSON; `parse` reads it back unchanged."""
    return terms.model_dump(mode="json", by_alias=True, exclude_none=True)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    return Terms.model_json_schema(by_alias=True)


def text_in(texts: Mapping[str, str], language: str) -> str:
    """Return the text in `language`, else in English, else in the first language there is."""
    for code in (language, language.partition("-")[0], Language.EN):
        if code in texts:
            return texts[code]
    return next(iter(texts.values()), "")
