"""Reading a contract file for a console command, with every error said at once."""

from datetime import date
from pathlib import Path

from django.core.management.base import CommandError

from contracts import checking, terms_yaml
from contracts.domain.terms import TermsInvalid
from contracts.lint_words import sentence


def read_document(path: Path) -> dict:
    """
    Return the mapping that a YAML file holds.

    :raises CommandError: if it cannot be read, or is more than plain data.
    """
    try:
        return terms_yaml.load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"Cannot read {path}: {error}") from error
    except terms_yaml.YamlRefused as refusal:
        raise CommandError(f"{path}: {refusal}") from refusal


def read_draft(path: Path, document: dict, on: date) -> checking.Draft:
    """
    Return the draft that a document writes.

    :raises CommandError: if it has errors; each stands on its own line.
    """
    try:
        return checking.read(document, on)
    except TermsInvalid as invalid:
        raise CommandError(errors_of(path, invalid)) from invalid


def errors_of(path: Path, invalid: TermsInvalid) -> str:
    count = len(invalid.errors)
    head = f"{path}: {count} {'error' if count == 1 else 'errors'}"
    return "\n".join([head, *(f"  error: {error}" for error in invalid.errors)])


def findings_of(checked: checking.Checked) -> list[str]:
    """Return a line for each finding that refuses nothing; gaps go by their own name."""
    return [
        f"{'gap' if finding.code == 'gap' else 'warning'}: {sentence(finding)}"
        for finding in checked.warnings
    ]


def seal_line(checked: checking.Checked) -> list[str]:
    """Return how the gaps are accepted, where there are any."""
    seal = checked.coverage.seal()
    return [f"to put it in force with exactly these gaps: --accept-gaps {seal}"] if seal else []


def refuse_gaps(path: Path, checked: checking.Checked) -> None:
    """:raises CommandError: if the contract has gaps, which `--strict` does not allow."""
    if count := len(checked.coverage.gaps):
        gaps = "1 gap" if count == 1 else f"{count} gaps"
        raise CommandError(f"{path}: {gaps}, and --strict allows none.")
