"""The parsed rules of a version, kept in memory: a frozen text never changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from contracts.domain import calendars, terms
from contracts.domain.service_hours import ServiceHours
from contracts.models import ContractVersion

TEXT = {"terms", "holidays"}
_MOST_KEPT = 512
_kept: dict[str, "Rules"] = {}


@dataclass(frozen=True, slots=True)
class Rules:
    """What one version says, ready to be asked."""

    terms: terms.Terms
    hours: Mapping[str, ServiceHours]
    holidays: Mapping[str, list[date]]


def rules_of(version: ContractVersion) -> Rules:
    """Return the rules of a version; equal texts share them, whoever they belong to."""
    if (rules := _kept.get(version.sha256)) is None:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        if missing := version.get_deferred_fields() & TEXT:
            version.refresh_from_db(fields=missing)
        rules = _kept[version.sha256] = read(version.terms, version.holidays)
    return rules


def read(document: dict, holidays: Mapping[str, list[str]]) -> Rules:
    """
    Return the rules that a document and its frozen holidays write.

    :raises TermsInvalid: if the document has errors.
    """
    parsed = terms.parse(document)
    dates = {code: [date.fromisoformat(day) for day in days] for code, days in holidays.items()}
    return Rules(parsed, calendars.service_hours(parsed, dates), dates)
