"""Whom another verdict favours, and what it makes of minutes that were worked before."""

from enum import StrEnum

from contracts.domain.statement import AuthorityKind
from contracts.domain.vocabulary import Outcome

FREE = frozenset({AuthorityKind.INCLUDED, AuthorityKind.GOODWILL})
_BY_COST = (  # from what costs the client least
    Outcome.INCLUDED,
    Outcome.POOL,
    Outcome.PREAPPROVED,
    Outcome.ESTIMATE,
    Outcome.NOT_PROVIDED,
)


class Side(StrEnum):
    CLIENT = "client"
    VENDOR = "vendor"
    NEITHER = "neither"


def favours(before: str, after: str) -> Side:
    """Return whose side a change of the outcome takes; what was undecided favoured nobody."""
    if Outcome.UNDECIDED in (before, after):
        return Side.NEITHER
    was, is_now = _BY_COST.index(Outcome(before)), _BY_COST.index(Outcome(after))
    if was == is_now:
        return Side.NEITHER
    return Side.CLIENT if is_now < was else Side.VENDOR


def settles_as(outcome: str, *, goodwill: bool) -> AuthorityKind | None:
    """
    Return what minutes of before become under a new outcome; None where they stay what they are.

    They change only in the client's favour, so only what is not charged at all reaches back.
    """
    if outcome != Outcome.INCLUDED:
        return None
    return AuthorityKind.GOODWILL if goodwill else AuthorityKind.INCLUDED
