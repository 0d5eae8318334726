from collections.abc import Iterator

import pytest

from tenants.scoping import tenant_scope
from tests.reports.factories import Desk, make_desk


@pytest.fixture
def desk(db) -> Iterator[Desk]:
    """Acme's desk, in its scope for the whole test."""
    made = make_desk("ACME")
    with tenant_scope(made.tenant):
        yield made


@pytest.fixture
def other_desk(db) -> Desk:
    """Globex's desk; its rows must never appear."""
    return make_desk("GLOBEX")
