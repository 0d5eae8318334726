"""Money in whole minor units, and the few roundings a statement needs. No floats."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

EXPONENTS = {"JPY": 0, "VND": 0, "USD": 2, "EUR": 2}
WHOLE = 10_000  # basis points of 100 % and of a multiplier of 1


class CurrenciesDiffer(ValueError):
    """Two amounts of different currencies met."""


class RoundingMode(StrEnum):
    """`down` is towards zero, `up` away from it, `half_up` moves a half away from it."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half_up"


def _whole(value: int) -> int:
    """:raises TypeError: if `value` is a float, a bool or anything else than an int."""
    if type(value) is not int:
        raise TypeError(f"{value!r} is not a whole number: money and minutes are integers")
    return value


def divide(numerator: int, denominator: int, mode: RoundingMode) -> int:
    """
    Return `numerator / denominator` as a whole number, rounded by `mode`.

    :raises ZeroDivisionError: if `denominator` is 0.
    """
    quotient, rest = divmod(abs(_whole(numerator)), abs(_whole(denominator)))
    if mode is RoundingMode.UP and rest:
        quotient += 1
    if mode is RoundingMode.HALF_UP and 2 * rest >= abs(denominator):
        quotient += 1
    return quotient if (numerator < 0) == (denominator < 0) else -quotient


def round_half_up(numerator: int, denominator: int) -> int:
    """Return `numerator / denominator`, a half rounded away from zero."""
    return divide(numerator, denominator, RoundingMode.HALF_UP)


def prorate(
    amount: int, part_days: int, whole_days: int, mode: RoundingMode = RoundingMode.HALF_UP
) -> int:
    """
    Return the share of `amount` for `part_days` of `whole_days`, in minor units.

    :raises ValueError: if the part is negative or longer than the whole.
    """
    if not 0 <= part_days <= whole_days:
        raise ValueError(f"{part_days} of {whole_days} days is not a part of a whole")
    return divide(_whole(amount) * part_days, whole_days, mode)


def percent(amount: int, basis_points: int, mode: RoundingMode = RoundingMode.HALF_UP) -> int:
    """Return `basis_points` (100 % is 10,000) of `amount`, in minor units."""
    return divide(_whole(amount) * _whole(basis_points), WHOLE, mode)


def exponent_of(currency: str) -> int:
    """
    Return how many decimals `currency` has.

    :raises ValueError: if the portal does not know the currency.
    """
    if currency not in EXPONENTS:
        raise ValueError(f"'{currency}' is not one of the currencies: {', '.join(EXPONENTS)}")
    return EXPONENTS[currency]


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount of whole minor units (sen, cents; for JPY and VND the unit itself)."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        _whole(self.amount)
        exponent_of(self.currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: int) -> "Money":
        return Money(self.amount * _whole(factor), self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def decimal(self) -> Decimal:
        """Return the amount in major units, with the decimals of its currency."""
        return Decimal(self.amount).scaleb(-exponent_of(self.currency))

    def _same(self, other: "Money") -> int:
        """:raises CurrenciesDiffer: if `other` is of another currency."""
        if not isinstance(other, Money):
            raise TypeError(f"{other!r} is not Money")
        if other.currency != self.currency:
            raise CurrenciesDiffer(f"{self.currency} and {other.currency} do not add up")
        return other.amount
