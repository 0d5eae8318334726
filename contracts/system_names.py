"""The names of systems for lists across clients: a row has the key, the contract's terms the name."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from django.utils.translation import get_language

from contracts.domain.terms import text_in
from contracts.models import ContractVersion

Names = Mapping[tuple[int, str], str]


class OfSystem(Protocol):
    tenant_id: int
    system: str


def system_names(*lists: Iterable[OfSystem]) -> Names:
    """
    Return the names of the rows' systems in the reader's language, by tenant and key, in one query.

    The latest version that names a system decides; rows without one ask nothing.
    """
    wanted = {(row.tenant_id, row.system) for rows in lists for row in rows if row.system}
    if not wanted:
        return {}
    rows = ContractVersion.objects.filter(tenant_id__in={tenant for tenant, _key in wanted})
    rows = rows.exclude(activated_at=None).order_by("effective_on", "pk")
    language = get_language() or "en"
    return {
        (tenant_id, system["key"]): text_in(system["name"], language)
        for tenant_id, systems in rows.values_list("tenant_id", "terms__systems")
        for system in systems
        if (tenant_id, system["key"]) in wanted
    }
