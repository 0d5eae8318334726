from collections.abc import Iterator

import pytest

from tenants.scoping import tenant_scope
from tests.reports.factories import Desk, make_desk


@pytest.fixture
def other_desk(db) -> Desk:
    """Globex's desk with a busy April; none of its rows may ever appear."""
    made = make_desk("GLOBEX")
    with tenant_scope(made.tenant):
        ticket = made.open("2026-04-06 10:00", title="Globex only", symptom="slow checkout")
        made.work(ticket, "2026-04-06 10:30", "2026-04-06 17:30")
    return made


@pytest.fixture
def desk(other_desk) -> Iterator[Desk]:
    """Acme's desk, in its scope for the whole test."""
    made = make_desk("ACME")
    with tenant_scope(made.tenant):
        yield made
