"""
One row of every tenant's table, made from the models' own fields.

A new model is built without anybody thinking of it. When it has a CHECK that the plain values do
not meet, or a page needs words it can read, name better ones in RECIPES.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import singledispatchmethod

from django.db import connections, models, transaction

from contracts.domain.canonical import canonical, sha256_of
from tenants.models import AuditEvent, AuditLink, Membership, Tenant, TenantOwned, User
from tenants.scoping import tenant_scope
from tenants.walls import tenant_models
from tests.factories import TERMS
from tickets.models import Decision, Estimate, EstimateRevision, Pattern, Release, Stage, Ticket

NOON = datetime(2026, 4, 15, 12, tzinfo=UTC)


def member(world: "World") -> int:
    return world.id_of(Membership)


def another_member(world: "World") -> int:
    """Return a second person's id, where one may not be both: nobody answers their own dispute."""
    return world.insert(Membership, world.values(Membership) | {"role": "account_manager"})


def stranger(world: "World") -> int:
    """Return the id of somebody who had no part in it: nobody decides on their own estimate."""
    people = User.objects.using(world.using)
    email = f"stranger@{world.tenant.code.lower()}.example"
    user, _made = people.get_or_create(
        email=email, defaults={"name": world.canary, "password": "!"}
    )
    if "stranger" not in world.made:
        row = world.values(Membership) | {"role": "account_manager", "user_id": user.pk}
        world.made["stranger"] = world.insert(Membership, row)
    return world.made["stranger"]


def submitted(world: "World") -> int:
    """Return the id of a revision that is submitted; it can be decided on."""
    if "submitted" not in world.made:
        row = world.values(EstimateRevision) | {
            "number": 2,
            "submitted_by_id": world.id_of(Membership),
            "submitted_at": NOON,
        }
        world.made["submitted"] = world.insert(EstimateRevision, row)
    return world.made["submitted"]


def another_ticket(world: "World") -> int:
    """Return a second ticket's id: none is linked to itself."""
    if "ticket" not in world.made:
        second = {"number": 8, "key": f"{world.tenant.code}-8", "source_key": "8"}
        world.made["ticket"] = world.insert(Ticket, world.values(Ticket) | second)
    return world.made["ticket"]


def frozen(world: "World") -> str:
    """Return facts of a report that can be made again: its cover, and nothing it says is true."""
    cover = dict.fromkeys(("tenant_name", "contract", "number", "title"), world.canary)
    cover |= {"tenant_code": world.tenant.code, "revision": 1, "draft": False, "last_ticket": 0}
    told = {"schema": 1, "cover": {**cover, "previous_sha256": ""}, "titles": {}}
    return canonical({**told, "month": {"timezone": "Asia/Tokyo"}})


RECIPES: dict[str, dict[str, object]] = {
    "tickets.Ticket": {"number": 7, "key": lambda world: f"{world.tenant.code}-7"},
    "tickets.BulkImport": {
        "content": b"Key,Title\r\nA-1,The cart\r\n",
        "confirmed_at": NOON,
        "confirmed_by": member,
    },
    "tickets.Dispute": {
        "ruling": lambda world: world.id_of(Decision),
        "ruled_by": another_member,
        "ruled_at": NOON,
        "agreed_by": member,
    },
    "tickets.Notification": {"kind": "comment", "code": "comment.public"},
    "tickets.Emergency": {
        "owner_told": member,
        "owner_told_at": NOON,
        "estimate_amount": 7,
        "estimate_sent_by": member,
        "estimate_sent_at": NOON,
    },
    "tickets.Estimate": {"accepted_at": NOON},
    "tickets.Roster": {"timezone": "Asia/Tokyo"},
    "tickets.RosterSeat": {"country": "JP"},
    "tickets.EstimateRevision": {
        "submitted_by": member,
        "lines": lambda world: [],
        "currency": "JPY",
    },
    "tickets.EstimateApproval": {"by": stranger, "revision": submitted},
    "tickets.EstimateAcceptance": {"by": stranger, "revision": submitted},
    "tickets.AmountLimit": {"set_by": stranger},
    "reports.MonthlyReport": {"facts": frozen},
    "reports.IncidentReport": {
        "facts": canonical({"schema": 1, "timezone": "Asia/Tokyo"}),
        "sections": {},
    },
    "tickets.Obligation": {"within": "4h", "hours": "always"},
    "tickets.LedgerEntry": {"event": "start", "within": "4h", "hours": "always"},
    "tickets.TimeEntry": {"tier": "L2", "place": "onshore"},
    "tickets.Stage": {"facts": lambda world: {}},
    "tickets.Decision": {"verdict": lambda world: {}, "facts": lambda world: {}},
    "tickets.TicketCounter": {"last": 8},  # as if both tickets had been opened
    "tickets.Delivery": {"reason": "", "release": lambda world: world.id_of(Release)},
    "tickets.Occurrence": {"pattern": lambda world: world.id_of(Pattern)},
    "tickets.SecurityFinding": {"state": "open", "ticket": lambda world: world.id_of(Ticket)},
    "tickets.FaqUse": {"kind": "answered", "ticket": lambda world: world.id_of(Ticket)},
    "tickets.Link": {"other": another_ticket},
    "reports.ReportRemark": {"answer": "Yes.", "answered_by": member},
    "tickets.Settlement": {
        "authority": "included",
        "authority_key": "",
        "cause": "nobody_asked",
    },
    "tickets.RoutineRun": {"done_by": member, "done_at": NOON},
    "tickets.Letter": {"files": lambda world: [], "refused": lambda world: []},
    "tickets.Mailbox": {"host": ""},
    "contracts.Contract": {"timezone": "Asia/Tokyo"},
    "contracts.ContractVersion": {"terms": TERMS, "sha256": sha256_of(canonical([TERMS, {}]))},
    "tickets.Replay": {"from_on": date(2026, 4, 1), "until_on": date(2026, 5, 1), "result": {}},
}


class World:
    """The rows of one tenant, each made once with all that it points to, by raw SQL."""

    def __init__(self, tenant: Tenant, using: str = "default") -> None:
        self.tenant, self.using = tenant, using
        self.ids: dict[type[models.Model], int] = {}
        self.made: dict[str, int] = {}

    def id_of(self, model: type[models.Model]) -> int:
        """Return the id of the tenant's one row of `model`, made on the first call."""
        if model is Tenant:
            return self.tenant.pk
        if model not in self.ids:
            person = model is User
            if model is AuditLink:
                self.ids[model] = self._link()
            else:
                row = self._person() if person else self.insert(model, self.values(model))
                self.ids[model] = row
        return self.ids[model]

    def whole(self) -> "World":
        """Make a row of every table, and join what only later steps join: stage, decision, revision."""
        for model in tenant_models():
            self.id_of(model)
        with tenant_scope(self.tenant), transaction.atomic(using=self.using):
            tickets = Ticket.objects.using(self.using).filter(pk=self.id_of(Ticket))
            tickets.update(stage_id=self.id_of(Stage))
            stages = Stage.objects.using(self.using).filter(pk=self.id_of(Stage))
            stages.update(decision_id=self.id_of(Decision))
            estimates = Estimate.objects.using(self.using).filter(pk=self.id_of(Estimate))
            estimates.update(revision_id=self.id_of(EstimateRevision))
        return self

    def public_id_of(self, model: type[models.Model]) -> str:
        """Return the public id of the tenant's one row of `model`."""
        pk = self.id_of(model)
        with tenant_scope(self.tenant), transaction.atomic(using=self.using):
            rows = model._default_manager.using(self.using)
            return rows.values_list("public_id", flat=True).get(pk=pk)

    def values(self, model: type[models.Model]) -> dict[str, object]:
        """Return what a row of `model` holds, by column; what it points to is made."""
        row, instants = {}, 0
        for field in model._meta.local_concrete_fields:
            if field.primary_key or getattr(field, "generated", False):
                continue
            told = RECIPES.get(model._meta.label, {})
            if field.name in told:
                value = told[field.name]
                value = value(self) if callable(value) else value
            elif isinstance(field, models.DateTimeField) and not field.null:
                instants += 1  # later columns hold later instants
                value = NOON + timedelta(hours=instants)
            else:
                value = self._value(field)
            row[field.column] = field.get_db_prep_save(value, connections[self.using])
        return row

    def insert(self, model: type[models.Model], row: dict[str, object], scope=None) -> int:
        """Write the row in the scope of its tenant, or in the one given, and return its id."""
        columns = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join(["%s"] * len(row))
        with (
            tenant_scope(*(scope or [self.tenant])),
            transaction.atomic(using=self.using),
            connections[self.using].cursor() as cursor,
        ):
            cursor.execute(
                f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({marks}) RETURNING id',
                list(row.values()),
            )
            return cursor.fetchone()[0]

    def _link(self) -> int:
        """Return the id of the link that the database itself makes for an event, at the latest now."""
        event = self.id_of(AuditEvent)
        with (
            tenant_scope(self.tenant),
            transaction.atomic(using=self.using),
            connections[self.using].cursor() as cursor,
        ):
            cursor.execute("SET CONSTRAINTS linked IMMEDIATE; SET CONSTRAINTS linked DEFERRED")
            cursor.execute("SELECT id FROM tenants_auditlink WHERE event_id = %s", [event])
            return cursor.fetchone()[0]

    def _person(self) -> int:
        email = f"{self.tenant.code.lower()}@example.com"
        return User.objects.using(self.using).create(email=email, name=self.canary, password="!").pk

    @property
    def canary(self) -> str:
        """Return a word that only this tenant's rows hold."""
        return f"{self.tenant.code}-canary"

    def _value(self, field: models.Field) -> object:
        if field.null:
            return None
        if field.is_relation:
            return self.id_of(field.related_model)
        if field.has_default():
            return field.get_default()
        if field.choices:
            return next(value for value, _label in field.flatchoices if value != "")
        return self._plain(field)

    @singledispatchmethod
    def _plain(self, field: models.Field) -> object:
        raise NotImplementedError(f"Teach tests/isolation/rows.py about {type(field).__name__}.")

    @_plain.register(models.CharField)
    @_plain.register(models.TextField)
    @_plain.register(models.FileField)
    def _(self, field) -> str:
        return self.canary[: field.max_length]

    @_plain.register(models.JSONField)
    def _(self, field) -> dict:
        return {"said": self.canary}

    @_plain.register(models.IntegerField)
    def _(self, field) -> int:
        return 1

    @_plain.register(models.DecimalField)
    def _(self, field) -> Decimal:
        return Decimal(1)

    @_plain.register(models.BooleanField)
    def _(self, field) -> bool:
        return False

    @_plain.register(models.DateField)
    def _(self, field) -> date:
        return NOON.date()

    @_plain.register(models.TimeField)
    def _(self, field) -> time:
        return NOON.time()

    @_plain.register(models.DurationField)
    def _(self, field) -> timedelta:
        return timedelta(hours=1)

    @_plain.register(models.BinaryField)
    def _(self, field) -> bytes:
        return self.canary.encode()


def every(kind: Callable[[type[TenantOwned]], object]) -> list[type[TenantOwned]]:
    """Return the tenant's tables of which `kind` is true, for `parametrize`."""
    return [model for model in tenant_models() if kind(model)]
