"""Parts of a whole."""

from contracts.domain.money import WHOLE


def share(part: int, whole: int) -> int | None:
    """Return `part` of `whole` in basis points, never rounded up; None where nothing counts."""
    return part * WHOLE // whole if whole else None
