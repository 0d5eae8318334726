"""A draft before it is signed: read with its examples, linted, and asked its own test cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from contracts.domain import calendars, terms
from contracts.domain.coverage import Coverage
from contracts.domain.examples import Differs, Example, differing, parse_examples, split
from contracts.domain.findings import Finding, Severity
from contracts.domain.lint import lint_with_coverage
from contracts.domain.terms import Terms, TermsInvalid
from contracts.holiday_dates import holiday_dates
from contracts.lint_words import differs_sentence, gap_sentence, sentence
from contracts.models import ContractVersion
from tenants.errors import Refused


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that can be read: its terms, its examples, and the holidays it names."""

    terms: Terms
    examples: tuple[Example, ...]
    holidays: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a draft; with a refusal or a differing example it is not activated."""

    findings: tuple[Finding, ...]
    differs: tuple[Differs, ...]
    coverage: Coverage

    @property
    def refusals(self) -> list[Finding]:
        return [f for f in self.findings if f.severity is Severity.REFUSAL]

    @property
    def warnings(self) -> list[Finding]:
        return [f for f in self.findings if f.severity is Severity.WARNING]

    @property
    def is_clean(self) -> bool:
        return not self.refusals and not self.differs

    def reasons(self) -> list[str]:
        """Return a sentence for each thing that keeps the draft from being activated."""
        return [*map(sentence, self.refusals), *map(differs_sentence, self.differs)]


class TermsNotClean(Refused):
    """The lint refuses this version, or it decides an example otherwise; `checked` has it all."""

    code = "terms_not_clean"

    def __init__(self, checked: Checked, reasons: Sequence[str] | None = None) -> None:
        self.checked = checked
        self.reasons = checked.reasons() if reasons is None else list(reasons)
        said = _("This version cannot be put in force.")
        super().__init__(" ".join([said, *(f"{reason}." for reason in self.reasons)]))


class GapsNotAccepted(TermsNotClean):
    """No clause decides some cases, and nobody accepted exactly these; `checked` has them."""

    code = "gaps_not_accepted"

    def __init__(self, checked: Checked) -> None:
        seal = checked.coverage.seal()
        reasons = [gap_sentence(gap) for gap in checked.coverage.gaps]
        reasons.append(
            _("Write a clause for each, or accept exactly these gaps: %(seal)s") % {"seal": seal}
            if seal
            else _("It has no gaps to accept")
        )
        super().__init__(checked, reasons)


def check_gaps(checked: Checked, accepted: str) -> None:
    """
    Keep a version with holes from being put in force unless somebody saw each of them.

    `accepted` is the seal of the list that was seen (`Coverage.seal`).

    :raises GapsNotAccepted: if it is another one; it tells each gap in words.
    """
    if accepted != checked.coverage.seal():
        raise GapsNotAccepted(checked)


def read(document: Mapping[str, Any], on: date) -> Draft:
    """
    Return the draft that a document writes, `examples` included, with the holidays around `on`.

    :raises TermsInvalid: if the document has errors; it names them all.
    """
    written, written_examples = split(document)
    errors: list[str] = []
    parsed, examples, holidays = None, (), {}
    try:
        parsed = terms.parse(written)
    except TermsInvalid as invalid:
        errors += invalid.errors
    try:
        examples = parse_examples(written_examples, parsed)
    except TermsInvalid as invalid:
        errors += invalid.errors
    if parsed is not None:
        holidays = _holidays(calendars.countries_of(parsed), on.year, errors)
    if errors or parsed is None:
        raise TermsInvalid(errors)
    return Draft(parsed, examples, holidays)


def check(draft: Draft, on: date) -> Checked:
    """Return everything that the lint and the examples find in a draft in force from `on`."""
    linted = lint_with_coverage(draft.terms, _dates(draft.holidays), on)
    differs = tuple(differing(draft.examples, draft.terms))
    return Checked(linted.findings, differs, linted.coverage)


def check_version(version: ContractVersion) -> Checked:
    """Return what is found in a version as it is stored."""
    parsed = terms.parse(version.terms)
    examples = parse_examples(version.examples, parsed)
    return check(Draft(parsed, examples, version.holidays), version.effective_on)


def seal_of(version: ContractVersion) -> str:
    """Return the seal of the gaps that a version has as it is stored."""
    return check_version(version).coverage.seal()


def _holidays(codes: Sequence[str], year: int, errors: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code in codes:
        try:
            found |= holiday_dates([code], year)
        except NotImplementedError:
            errors.append(f"hours: the holidays of '{code}' are not known: write another country")
    return found


def _dates(holidays: Mapping[str, Sequence[str]]) -> dict[str, list[date]]:
    return {code: [date.fromisoformat(day) for day in days] for code, days in holidays.items()}
