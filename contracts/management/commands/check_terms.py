from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from contracts import checking
from contracts.management.files import (
    findings_of,
    read_document,
    read_draft,
    refuse_gaps,
    seal_line,
)


class Command(BaseCommand):
    help = (
        "Check a contract file before it is signed: errors, refusals, warnings and gaps, and its"
        " examples. Leaves with 1 where the file could not be put in force."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--effective-on", type=date.fromisoformat, metavar="DATE", help="default: today"
        )

        parser.add_argument("--strict", action="store_true", help="a gap leaves with 1 too")

    def handle(self, *args, **options) -> None:
        path, on = options["file"], options["effective_on"] or timezone.localdate()
        draft = read_draft(path, read_document(path), on)
        checked = checking.check(draft, on)
        for reason in checked.reasons():
            self.stdout.write(f"refused: {reason}")
        for finding in [*findings_of(checked), *seal_line(checked)]:
            self.stdout.write(finding)
        self.stdout.write(self.summary(draft, checked))
        if not checked.is_clean:
            raise CommandError(f"{path}: not fit to be put in force.")
        if options["strict"]:
            refuse_gaps(path, checked)

    def summary(self, draft: checking.Draft, checked: checking.Checked) -> str:
        met = len(draft.examples) - len(checked.differs)
        return (
            f"clauses: {len(draft.terms.scope.clauses)}, systems: {len(draft.terms.systems)},"
            f" refusals: {len(checked.refusals)}, warnings: {len(checked.warnings)},"
            f" of them gaps: {len(checked.coverage.gaps)}, examples met: {met} of"
            f" {len(draft.examples)}"
        )
