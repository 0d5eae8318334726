"""The words of a report that need saying once."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from reports.glossary_words import insight_terms


def terms(codes: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Return the words that every report needs, and those of insight that `codes` name."""
    return [*_always(), *insight_terms(codes)]


def _always() -> list[tuple[str, str]]:
    return [
        (
            _("Operation"),
            _(
                "Work that keeps the system running today: monitoring, incident response, "
                "routine tasks, security operations, service desk."
            ),
        ),
        (
            _("Maintenance"),
            _(
                "Work that makes the system better for tomorrow: corrective, preventive, "
                "adaptive and perfective maintenance (ISO/IEC 14764)."
            ),
        ),
        (
            _("Met"),
            _(
                "The clock stopped at its deadline or before. Time counts only within the "
                "agreed service hours."
            ),
        ),
        (
            _("Missed"),
            _(
                "The deadline passed first. A miss is final and counts in the month of its "
                "deadline."
            ),
        ),
        (
            _("Paused"),
            _(
                "The clock stood still for something only the client could give. It is shown "
                "and not counted."
            ),
        ),
        (
            _("Void"),
            _(
                "The clock ended without a result, for example when a ticket was closed during "
                "a pause. It counts in no percentage."
            ),
        ),
        (
            _("Out of scope"),
            _(
                "The contract does not include it: it needs a separate estimate, or it is not "
                "provided."
            ),
        ),
        (
            _("Held"),
            _(
                "Work was done and nothing stands behind it yet. It is shown and not billed "
                "until an estimate or a ruling decides."
            ),
        ),
        (
            _("Goodwill"),
            _("Work that was given and is not billed."),
        ),
        (
            _("Hour pool"),
            _("Hours that the monthly fee includes for the kinds of work named in the contract."),
        ),
        (
            _("Fingerprint (SHA-256)"),
            _(
                "A number computed from the figures of the report. If a single figure changed, "
                "it would be another one."
            ),
        ),
    ]
