"""Priority from impact and urgency, each 1 (high) to 3 (low)."""

_MATRIX = {
    (1, 1): "P1", (1, 2): "P2", (1, 3): "P3",
    (2, 1): "P2", (2, 2): "P3", (2, 3): "P4",
    (3, 1): "P3", (3, 2): "P4", (3, 3): "P4",
}  # fmt: skip


def priority_of(impact: int, urgency: int) -> str:
    """
    Return P1 to P4 by the usual matrix of service management.

    :raises KeyError: if a level is not 1, 2 or 3.
    """
    return _MATRIX[impact, urgency]
