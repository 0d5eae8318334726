"""Where an issued report stands between vendor and client."""

from collections.abc import Iterable
from enum import StrEnum


class Standing(StrEnum):
    """`corrected` revisions are history; the others wait for the service owner, or no longer."""

    ISSUED = "issued"
    REMARKED = "remarked"
    SIGNED = "signed"
    CORRECTED = "corrected"


def standing(*, is_latest: bool, is_signed: bool, answered: Iterable[bool]) -> Standing:
    """Return the standing of a revision; `answered` says it of each of its remarks."""
    if not is_latest:
        return Standing.CORRECTED
    if is_signed:
        return Standing.SIGNED
    return Standing.ISSUED if all(answered) else Standing.REMARKED
