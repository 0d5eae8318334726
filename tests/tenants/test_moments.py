"""Instants as they come in: any offset becomes UTC, and what no year holds is refused."""

from datetime import UTC, datetime

import pytest
from django.forms import ValidationError
from django.utils import timezone

from tenants.moments import MomentField


@pytest.mark.parametrize(
    ("told", "instant"),
    [
        ("2026-04-15T10:00", datetime(2026, 4, 15, 1, tzinfo=UTC)),
        ("2026-04-15T10:00:00-20:30", datetime(2026, 4, 16, 6, 30, tzinfo=UTC)),
    ],
)
def test_an_instant_is_in_utc_whatever_its_offset(told, instant):
    with timezone.override("Asia/Tokyo"):
        at = MomentField().clean(told)

    assert (at, at.utcoffset()) == (instant, UTC.utcoffset(None))


@pytest.mark.parametrize("told", ["0001-01-01T00:00", "9999-12-31T23:59-15:00"])
def test_what_no_year_holds_is_wrong(told):
    with timezone.override("Asia/Tokyo"), pytest.raises(ValidationError):
        MomentField().clean(told)
