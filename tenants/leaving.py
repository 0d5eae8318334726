"""
What a person still holds at a desk. Nobody leaves a desk while something would lose its owner.

The apps above say what they know: `@holds` registers a function that lists it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tenants.models import Membership


@dataclass(frozen=True, slots=True)
class Held:
    """One thing that a person is accountable for: how it is called, and its page."""

    label: str
    url: str


Holder = Callable[[Membership], Iterable[Held]]
_holders: list[Holder] = []


def holds(holder: Holder) -> Holder:
    """Register a function that lists what a member is accountable for."""
    _holders.append(holder)
    return holder


def held_by(member: Membership) -> list[Held]:
    return [held for holder in _holders for held in holder(member)]
