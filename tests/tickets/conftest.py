from collections.abc import Iterator

import pytest

from tenants.scoping import tenant_scope
from tests.tickets.factories import Client


@pytest.fixture
def client(db) -> Iterator[Client]:
    """Acme with its team and contract, in its scope for the whole test."""
    acme = Client()
    with tenant_scope(acme.tenant):
        yield acme
