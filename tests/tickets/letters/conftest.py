from datetime import timedelta

import pytest
from django.utils import timezone

from tests.portal.desk import desk_of
from tickets.models import Ticket


@pytest.fixture(autouse=True)
def our_domain(settings):
    settings.PORTAL_URL = "https://portal.example.com"
    settings.OUTBOUND_PRIVATE_HOSTS = ["127.0.0.1"]


@pytest.fixture
def desk(acme):
    return desk_of(acme)


@pytest.fixture
def ticket(desk) -> Ticket:
    return desk.open(received_at=timezone.now() - timedelta(minutes=5))
