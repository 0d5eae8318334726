"""Instants that people and programs write, as the database takes them."""

from datetime import UTC, datetime
from typing import Any

from django import forms


def as_instant(at: datetime) -> datetime:
    """
    Return the aware `at` in UTC: Python knows offsets of up to a day, PostgreSQL of up to 16 hours.

    :raises ValueError: if it lies outside of the years 1 to 9999 there.
    """
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("out of range") from None


class MomentField(forms.DateTimeField):
    """A date and a time on the reader's wall, or with an offset; an instant in UTC comes of it."""

    def to_python(self, value: Any) -> datetime | None:
        at = super().to_python(value)
        try:
            return at and as_instant(at)
        except ValueError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None
