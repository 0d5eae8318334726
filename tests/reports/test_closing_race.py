"""Work that is written down while its month closes: in the report or an adjustment, never both or none."""

import json
from datetime import date

import pytest
from django.db import transaction

from contracts.domain.scope import Facts
from contracts.services import close_period, period_at
from reports.services.issue import draft_facts, issue_report
from tenants.scoping import tenant_scope
from tests.tickets.factories import TEN, Client, after
from tests.tickets.races import at_once
from tickets import services

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.allow_n_plus_one]

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
WRITERS, ROUNDS = 4, 5


def minutes_of(facts: dict) -> int:
    return sum(piece["raw_minutes"] for piece in facts["cost"]["charged"])


@pytest.mark.parametrize("number", range(ROUNDS))
def test_every_minute_counts_once(number):
    client = Client("ACME")
    with tenant_scope(client.tenant), transaction.atomic():
        ticket = client.open(type="service_request", facts=Facts(activity="service_desk"))
        april = period_at(client.contract, TEN)
    now = april.closes_at

    def write(hour: int):
        return lambda: services.log_time(
            ticket=ticket,
            actor=client.service_desk,
            starts_at=after(hours=hour),
            ends_at=after(hours=hour, minutes=30),
            now=now,
        )

    def close():
        with transaction.atomic():
            close_period(period=april, actor=None, now=now)
            return issue_report(client.contract, APRIL, now=now)

    writes = [write(hour) for hour in range(WRITERS)]
    done = at_once([*writes[:2], close, *writes[2:]], client.tenant)

    assert not [each for each in done if isinstance(each, Exception)], done
    with tenant_scope(client.tenant), transaction.atomic():
        frozen = json.loads(done[2].facts)
        late = sum(
            each["minutes"]
            for each in draft_facts(client.contract, MAY, now=now)["cost"]["adjustments"]
        )
        assert minutes_of(frozen) + late == WRITERS * 30
        again = draft_facts(client.contract, APRIL, now=now)
        assert again["cost"]["total"] == frozen["cost"]["total"]
