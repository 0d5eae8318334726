import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.domain.money import (
    CurrenciesDiffer,
    Money,
    RoundingMode,
    divide,
    percent,
    prorate,
    round_half_up,
)


class TestMoney:
    def test_adds_and_multiplies_whole_units(self):
        assert Money(100, "JPY") + Money(50, "JPY") - Money(30, "JPY") == Money(120, "JPY")
        assert 3 * Money(100, "USD") == Money(300, "USD") == -Money(-300, "USD")

    def test_refuses_mixed_currencies(self):
        with pytest.raises(CurrenciesDiffer):
            Money(1, "JPY") + Money(1, "VND")
        with pytest.raises(CurrenciesDiffer):
            _ = Money(1, "JPY") < Money(1, "VND")

    @pytest.mark.parametrize("amount", [1.0, True, "1", None])
    def test_refuses_what_is_not_a_whole_number(self, amount):
        with pytest.raises(TypeError):
            Money(amount, "JPY")
        with pytest.raises(TypeError):
            Money(1, "JPY") * amount

    def test_refuses_an_unknown_currency(self):
        with pytest.raises(ValueError, match="'XXX' is not one of the currencies: JPY, VND"):
            Money(1, "XXX")

    def test_knows_the_decimals_of_its_currency(self):
        assert str(Money(12345, "USD").decimal()) == "123.45"
        assert str(Money(12345, "VND").decimal()) == "12345"


class TestRounding:
    @pytest.mark.parametrize(
        ("numerator", "denominator", "down", "up", "half_up"),
        [(5, 2, 2, 3, 3), (-5, 2, -2, -3, -3), (7, 3, 2, 3, 2), (8, 3, 2, 3, 3), (6, 3, 2, 2, 2)],
    )
    def test_mode_is_explicit(self, numerator, denominator, down, up, half_up):
        assert divide(numerator, denominator, RoundingMode.DOWN) == down
        assert divide(numerator, denominator, RoundingMode.UP) == up
        assert round_half_up(numerator, denominator) == half_up

    def test_prorates_by_days(self):
        assert prorate(800_000, 10, 31) == 258_065
        with pytest.raises(ValueError):
            prorate(800_000, 32, 31)

    def test_takes_a_percentage_in_basis_points(self):
        assert percent(12_345, 1000, RoundingMode.DOWN) == 1_234
        assert percent(-12_345, 1000, RoundingMode.DOWN) == -1_234

    @given(st.integers(-(10**15), 10**15), st.integers(1, 10**6))
    @settings(max_examples=200, deadline=None)
    def test_half_up_is_never_off_by_more_than_a_half(self, numerator, denominator):
        assert abs(2 * (round_half_up(numerator, denominator) * denominator - numerator)) <= (
            denominator
        )
