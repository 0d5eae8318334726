"""Commands about the sources of alerts, where their alerts go, and the maintenance that holds them back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.models import Contract
from contracts.rules import rules_of
from contracts.services import version_in_force
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership
from tenants.services import audit, hooks, jobs
from tickets.domain.alert_payloads import SourceKind
from tickets.domain.lifecycle import LEADS
from tickets.models import AlertRoute, AlertSource, AlertWindow
from tickets.services.alert_sweep import SWEEP
from tickets.services.intake import check_place

MOST_ROUTES = 50


@dataclass(frozen=True, slots=True)
class RouteLine:
    """One route as it is told: patterns of labels, and where what fits goes."""

    match: Mapping[str, str]
    contract: Contract
    system: str
    environment: str
    priority: str = ""


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """What a source is, apart from whose and of which kind."""

    name: str
    system: str
    environment: str
    timezone: str
    silent_after_minutes: int | None = None
    settle_minutes: int = 5
    routes: Sequence[RouteLine] = field(default_factory=tuple)

    def values(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__ if name != "routes"}


def check_lead(tenant_id: int, actor: Membership) -> None:
    if actor.tenant_id != tenant_id or actor.role not in LEADS:
        raise NotPermitted(_("Only a bridge SE or an account manager sets up alerts."))


@transaction.atomic
def create_source(
    *, contract: Contract, actor: Membership, kind: str, plan: SourcePlan, now: datetime
) -> tuple[AlertSource, str]:
    """
    Connect a monitoring system and return it with its secret, which nobody sees again.

    Plain JSON must be signed. Alertmanager and Zabbix cannot sign: they bring the secret itself.

    :raises NotPermitted: to anybody but a bridge SE or an account manager of the client.
    :raises Invalid: if the contract has no such place, or another source has the name.
    """
    check_lead(contract.tenant_id, actor)
    check_plan(contract, plan, now)
    if AlertSource.objects.filter(tenant_id=contract.tenant_id, name=plan.name).exists():
        raise Invalid(_("This client has a source of this name."), field="name")
    signed_only = kind == SourceKind.JSON
    hook, secret = hooks.make(tenant_id=contract.tenant_id, signed_only=signed_only, now=now)
    source = AlertSource.objects.create(
        tenant_id=contract.tenant_id,
        public_id=hook.public_id,
        kind=kind,
        contract=contract,
        by=actor,
        made_at=now,
        heard_at=now,
        **plan.values(),
    )
    write_routes(source, plan.routes)
    jobs.enqueue(SWEEP, tenant_id=source.tenant_id, key="recurring")
    audit.record(
        actor=actor, verb="alert_source.created", subject=source, at=now, kind=kind, **said(plan)
    )
    return source, secret


@transaction.atomic
def change_source(
    *, source: AlertSource, actor: Membership, plan: SourcePlan, now: datetime
) -> AlertSource:
    """Change where the alerts of a source go, and when its silence counts; what is open stays."""
    check_lead(source.tenant_id, actor)
    source = AlertSource.objects.select_for_update(of=["self"]).get(pk=source.pk)
    check_plan(source.contract, plan, now)
    others = AlertSource.objects.filter(tenant_id=source.tenant_id, name=plan.name)
    if others.exclude(pk=source.pk).exists():
        raise Invalid(_("This client has a source of this name."), field="name")
    for name, value in plan.values().items():
        setattr(source, name, value)
    source.save()
    source.routes.all().delete()
    write_routes(source, plan.routes)
    audit.record(actor=actor, verb="alert_source.changed", subject=source, at=now, **said(plan))
    return source


@transaction.atomic
def rotate_secret(*, source: AlertSource, actor: Membership, now: datetime) -> str:
    """Give a source another secret and return it; the one before is worth nothing from now on."""
    check_lead(source.tenant_id, actor)
    secret = hooks.renew(public_id=source.public_id, tenant_id=source.tenant_id, now=now)
    audit.record(actor=actor, verb="alert_source.secret_changed", subject=source, at=now)
    return secret


@transaction.atomic
def switch_source(
    *, source: AlertSource, actor: Membership, on: bool, now: datetime
) -> AlertSource:
    """
    Close a source, or open it again: then its silence counts from now.

    :raises Refused: if it is so already.
    """
    check_lead(source.tenant_id, actor)
    source = AlertSource.objects.select_for_update(of=["self"]).get(pk=source.pk)
    if on == (source.disabled_at is None):
        raise Refused(_("Somebody was faster: the source is so already."))
    source.disabled_at = None if on else now
    if on:
        source.heard_at = now
    source.save(update_fields=["disabled_at", "heard_at"])
    hooks.close(public_id=source.public_id, tenant_id=source.tenant_id, now=source.disabled_at)
    verb = "alert_source.enabled" if on else "alert_source.disabled"
    audit.record(actor=actor, verb=verb, subject=source, at=now)
    return source


@transaction.atomic
def agree_window(
    *,
    contract: Contract,
    actor: Membership,
    system: str,
    environment: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    now: datetime,
) -> AlertWindow:
    """
    Write down agreed maintenance: what begins in it raises no ticket.

    :raises Invalid: without a reason, or if it ends before it begins or is over.
    """
    check_lead(contract.tenant_id, actor)
    if not reason.strip():
        raise Invalid(_("Say what the maintenance is for."), field="reason")
    if not starts_at < ends_at:
        raise Invalid(_("Maintenance ends after it begins."), field="ends_at")
    if ends_at <= now:
        raise Invalid(_("This maintenance is over already."), field="ends_at")
    window = AlertWindow.objects.create(
        tenant_id=contract.tenant_id, contract=contract, system=system, environment=environment,
        starts_at=starts_at, ends_at=ends_at, reason=reason.strip()[:200], by=actor,
    )  # fmt: skip
    audit.record(
        actor=actor, verb="alert_window.agreed", subject=window, at=now, system=system,
        environment=environment, starts_at=starts_at.isoformat(), ends_at=ends_at.isoformat(),
        reason=window.reason,
    )  # fmt: skip
    return window


@transaction.atomic
def cancel_window(*, window: AlertWindow, actor: Membership, now: datetime) -> AlertWindow:
    """
    End maintenance early: from now on alerts raise tickets, also those it held back that still last.

    :raises Refused: if it is over.
    """
    check_lead(window.tenant_id, actor)
    window = AlertWindow.objects.select_for_update(of=["self"]).get(pk=window.pk)
    if window.over_at() <= now:
        raise Refused(_("This maintenance is over already."))
    window.cancelled_at = now
    window.save(update_fields=["cancelled_at"])
    audit.record(actor=actor, verb="alert_window.cancelled", subject=window, at=now)
    return window


def check_plan(contract: Contract, plan: SourcePlan, now: datetime) -> None:
    check_there(contract, plan.system, plan.environment, now)
    if len(plan.routes) > MOST_ROUTES:
        raise Invalid(_("A source has at most %d routes.") % MOST_ROUTES, field="routes")
    for line in plan.routes:
        if line.contract.tenant_id != contract.tenant_id:
            raise Invalid(_("There is no contract of this number."), field="routes")
        try:
            check_there(line.contract, line.system, line.environment, now)
        except Invalid as error:
            raise Invalid(error.message, field="routes") from None


def check_there(contract: Contract, system: str, environment: str, now: datetime) -> None:
    version = version_in_force(contract, contract.local_date(now))
    if version is None:
        raise Invalid(_("No version of this contract is in force."), field="contract")
    check_place(rules_of(version), system, environment)


def write_routes(source: AlertSource, lines: Sequence[RouteLine]) -> None:
    AlertRoute.objects.bulk_create(
        AlertRoute(
            tenant_id=source.tenant_id, source=source, position=position, match=dict(line.match),
            contract=line.contract, system=line.system, environment=line.environment,
            priority=line.priority,
        )
        for position, line in enumerate(lines)
    )  # fmt: skip


def said(plan: SourcePlan) -> dict[str, object]:
    """Return the plan as the audit keeps it; never a secret."""
    return {"plan": plan.values(), "routes": len(plan.routes)}
