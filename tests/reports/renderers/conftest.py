"""An issued April of acme's desk, and what a renderer is given of it."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from reports.renderers.edition import Edition
from reports.services.issue import issue_report
from tests.reports.factories import APRIL, tokyo

CLOSED = tokyo("2026-05-12 10:00")
Make = Callable[..., Edition]


@pytest.fixture
def facts(desk) -> dict[str, Any]:
    """A month with misses, a pool, work out of scope, a return and a symptom that comes back."""
    for day in range(6, 11):
        ticket = desk.open(f"2026-04-{day:02} 10:00", title=f"Slow {day}", symptom="slow checkout")
        desk.reply(ticket, f"2026-04-{day:02} 12:00")
        desk.work(ticket, f"2026-04-{day:02} 13:00", f"2026-04-{day:02} 14:10")
    asked = desk.open("2026-04-13 10:00", activity="service_desk", type="service_request")
    desk.work(asked, "2026-04-13 10:00", "2026-04-13 13:30", role="service_desk")
    desk.open("2026-04-14 10:00", activity="perfective", type="change_request", title="Nicer")
    desk.assign(ticket, "2026-04-15 10:00", "maintenance_engineer")
    desk.assign(ticket, "2026-04-16 10:00", "operations_engineer")
    return json.loads(issue_report(desk.contract, APRIL, now=CLOSED).facts)


@pytest.fixture
def empty_facts(desk) -> dict[str, Any]:
    return json.loads(issue_report(desk.contract, APRIL, now=CLOSED).facts)


@pytest.fixture
def edition(facts) -> Make:
    """Return what makes editions of the month: other facts, another language, another reader."""

    def make(change: Callable[[dict], None] | None = None, **more) -> Edition:
        told = deepcopy(facts)
        if change:
            change(told)
        return Edition(
            **{
                "facts": told,
                "language": "en",
                "sha256": "ab" * 32,
                "issued_at": CLOSED,
                **more,
            }
        )

    return make
