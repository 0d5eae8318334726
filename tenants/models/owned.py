import secrets
from dataclasses import dataclass

from django.db import models

from tenants.models.tenant import Tenant
from tenants.scoping import TenantManager, require_in_scope


class TenantForeignKey(models.ForeignKey):
    """
    A reference from one tenant's row to another of the same tenant.

    Its database constraint is the composite key (tenant_id, id) that `tenants.walls` derives, so
    Django's own single-column one would only be checked twice.
    """

    def __init__(self, to, on_delete=models.PROTECT, **kwargs) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs


@dataclass(frozen=True, slots=True)
class Guard:
    """
    A truth about rows that no constraint can say, because it reads other tables.

    `tenants.walls` makes it a trigger before `event`; `body` is PL/pgSQL and raises a
    check_violation that names the truth. What it reads is of the row's own tenant.
    """

    name: str
    event: str
    body: str


class TenantOwned(models.Model):
    """A row that belongs to one tenant for ever, behind all three walls (`tenants.walls`)."""

    append_only = False
    guards: tuple[Guard, ...] = ()
    searched_in = ""  # a column of text that is searched by an index (`tenants.searching`)
    frozen_once = ""  # a column: once it has a value, nobody may change or delete the row

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", editable=False)

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"  # FK access, refresh and delete keep the scope too

    def save(self, *args, **kwargs) -> None:
        require_in_scope([self.tenant_id])
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        require_in_scope([self.tenant_id])
        return super().delete(*args, **kwargs)


class AppendOnly(TenantOwned):
    """A row that is written once: no role may update or delete it (`tenants.walls`)."""

    append_only = True

    class Meta(TenantOwned.Meta):
        abstract = True


def random_public_id() -> str:
    """Return 96 random bits as 16 URL-safe characters: nothing can be counted or guessed by it."""
    return secrets.token_urlsafe(12)


class Addressable(models.Model):
    """A row with a page or an API address of its own."""

    public_id = models.CharField(
        max_length=16, default=random_public_id, unique=True, editable=False
    )

    class Meta:
        abstract = True
