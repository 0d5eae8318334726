"""The reports before a month, followed backward by the hashes they hold."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from contracts.domain.statement import Carried
from contracts.models import Period
from reports.models import MonthlyReport


@dataclass(slots=True)
class Chain:
    """
    What earlier months of a contract handed on.

    A report names the hash of the one before it, so a report told again finds the very facts it
    was made from, whatever was corrected since. `drafted` holds what months without a report would
    hand on; only drafts have any.
    """

    contract_id: int
    sha256: str
    drafted: Mapping[date, Carried] = field(default_factory=dict)
    _loaded: dict[str, tuple[date, dict[str, Any]]] = field(default_factory=dict)

    def before(self, month: date) -> dict[str, Any] | None:
        """Return the facts of the last report before `month`; None where there is none."""
        sha256 = self.sha256
        while sha256:
            of, facts = self._load(sha256)
            if of < month:
                return facts
            sha256 = facts["cover"]["previous_sha256"]
        return None

    def carried_into(self, period: Period) -> Carried:
        """Return the pool lots and the used limits with which the month begins."""
        if (drafted := self.drafted.get(period.month)) is not None:
            return drafted
        facts = self.before(period.month)
        return Carried.from_dict(facts["cost"]["carried"]) if facts else Carried()

    def known_ticket(self, month: date) -> int | None:
        """Return the last ticket that the report before `month` could know."""
        facts = self.before(month)
        return facts["cover"]["last_ticket"] if facts else None

    def _load(self, sha256: str) -> tuple[date, dict[str, Any]]:
        if sha256 not in self._loaded:
            report = MonthlyReport.objects.filter(contract_id=self.contract_id, sha256=sha256)
            month, text = report.values_list("month", "facts").get()
            self._loaded[sha256] = month, json.loads(text)
        return self._loaded[sha256]


def facts_in(report: MonthlyReport) -> dict[str, Any]:
    """Return the frozen facts of a report."""
    return json.loads(report.facts)
