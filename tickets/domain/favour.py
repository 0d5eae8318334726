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


_ANSWERS = {Outcome.POOL: AuthorityKind.POOL, Outcome.PREAPPROVED: AuthorityKind.PREAPPROVED}


def settles_as(
    stands: str, was: str, outcome: str, *, goodwill: bool, overridden: bool
) -> AuthorityKind | None:
    """
    Return what minutes of before become under a new outcome; None where they stay what they are.

    They change only in the client's favour: what is in the fee costs nothing any more. Minutes that
    are held under an outcome that `was` get their answer where the contract, or a ruling on it, says
    a pool or a preapproval; where a vendor person only wants it otherwise (`overridden`) they wait.
    """
    if stands in FREE:
        return None
    if outcome == Outcome.INCLUDED:
        return AuthorityKind.GOODWILL if goodwill else AuthorityKind.INCLUDED
    if stands != AuthorityKind.HELD or overridden:
        return None
    if was != Outcome.UNDECIDED and favours(was, outcome) is not Side.CLIENT:
        return None
    return _ANSWERS.get(Outcome(outcome))
