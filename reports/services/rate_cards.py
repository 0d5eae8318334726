"""What an hour is worth on a day, by the versions in force."""

from collections.abc import Sequence
from datetime import date

from contracts.domain.cost import InForce


class Cards:
    """The rates of a month, each looked up once."""

    def __init__(self, versions: Sequence[InForce]) -> None:
        self.versions = versions
        self._known: dict[tuple[date, str, str], int | None] = {}

    def rate(self, on: date, tier: str, place: str) -> int | None:
        """Return minor units an hour on a day; None where the card has no rate."""
        key = (on, tier, place)
        if key not in self._known:
            in_force = [v for v in self.versions if v.from_on <= on] or self.versions[:1]
            self._known[key] = in_force[-1].terms.rate_for(tier, place or None)
        return self._known[key]
