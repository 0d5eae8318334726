"""Who sees what of a report: service levels everybody, money whoever is not only a requester."""

from collections.abc import Iterable
from typing import Any

from tenants.models import Membership, Tenant
from tenants.roles import Role


def clients_with_money(memberships: Iterable[Membership]) -> set[int]:
    """Return the clients at which this person stands at any desk but the requester's."""
    return {m.tenant_id for m in memberships if m.role != Role.REQUESTER}


def readers(
    memberships: Iterable[Membership], tenant: Tenant, facts: dict[str, Any]
) -> dict[str, bool]:
    """
    Return what this person may see of a client's report: money, titles and security findings.

    A requester sees money where the terms of the month say so, titles where the client lets
    requesters see all tickets, and no finding: where a system is weak is not for everybody.
    """
    pays = tenant.pk in clients_with_money(memberships)
    return {
        "sees_money": pays or facts["cost"].get("shown_to_requesters", False),
        "sees_titles": pays or tenant.requesters_see_all,
        "sees_findings": pays or not facts.get("monitoring", {}).get("security", {}).get("rows"),
    }
