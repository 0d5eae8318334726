"""What a renderer is given: frozen facts, and for whom they are drawn."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone, translation

from contracts.domain.terms import text_in


@dataclass(frozen=True, slots=True)
class Edition:
    """
    The facts of a report in one language for one kind of reader.

    `sha256` and `issued_at` (UTC) are those of the issued report; a draft has neither. Instants
    are shown in the contract's zone, whoever reads. `before` are the facts of the revision that
    this one corrects.
    """

    facts: dict[str, Any]
    language: str
    sha256: str = ""
    issued_at: datetime | None = None
    sees_money: bool = True
    sees_titles: bool = True
    sees_findings: bool = True
    before: dict[str, Any] | None = None

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Make words, numbers and times those of the edition."""
        with translation.override(self.language), timezone.override(self.zone):
            yield

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.facts["month"]["timezone"])

    @property
    def month(self) -> date:
        return first_day(self.facts["month"]["month"])

    @property
    def currency(self) -> str:
        return self.facts["cost"]["currency"]

    @property
    def is_draft(self) -> bool:
        return self.facts["cover"]["draft"]

    def title_of(self, ticket: str) -> str:
        return self.facts["titles"].get(ticket, "") if self.sees_titles else ""

    def clause(self, code: str) -> str:
        """Return the contract's own words for a clause, or nothing."""
        return self._called(code, "clauses")

    def system(self, code: str) -> str:
        return self._called(code, "systems") or code

    def _called(self, code: str, kind: str) -> str:
        words = self.facts["words"][kind]
        return text_in(words[code], self.language) if code in words else ""

    @property
    def name(self) -> str:
        """Return the name of its files without the ending: client, contract, month, revision."""
        cover = self.facts["cover"]
        name = f"{cover['tenant_code']}_{cover['number']}_{self.facts['month']['month']}"
        return name + ("_draft" if self.is_draft else f"_r{cover['revision']}")

    @property
    def file_name(self) -> str:
        """Return the name without what a header or a file system could trip over."""
        return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in self.name)


def first_day(month: str) -> date:
    """Turn `2026-10` into its first day."""
    return date.fromisoformat(f"{month}-01")


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
