"""Every route of the resolver, and what stands for another tenant's object in its address."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import URLPattern, URLResolver, get_resolver

from contracts.models import Contract
from reports.models import MonthlyReport, ReportRemark
from tenants.models import Invitation, Job, JobState, Membership, Session, SignOn
from tenants.scoping import tenant_scope
from tests.isolation.rows import NOON, World
from tickets.models import (
    Absence,
    AlertSource,
    AlertWindow,
    Attachment,
    BulkImport,
    Comment,
    Dispute,
    Estimate,
    FaqEntry,
    GlossaryTerm,
    Handoff,
    Letter,
    Link,
    Mailbox,
    Notification,
    Pattern,
    PurchaseOrderFile,
    Release,
    Replay,
    Roster,
    RoutineProof,
    RoutineRun,
    RoutineTask,
    SavedFilter,
    SecurityFinding,
    Swap,
    Ticket,
    TimeEntry,
)
from tickets.services.attachments import path_of


@dataclass(frozen=True)
class Route:
    """An address with names in angle brackets: `tickets/<key>/resolve/`."""

    template: str

    @property
    def names(self) -> list[str]:
        """Return the beginning of the template up to each name: what the name means there."""
        return [self.template[: found.end()] for found in re.finditer(r"<\w+>", self.template)]

    def filled(self, identifiers: dict[str, str]) -> str:
        """Return the address; a name of which nobody said what it means is a KeyError."""
        meanings = iter([identifiers[name] for name in self.names])
        return "/" + re.sub(r"<\w+>", lambda _found: next(meanings), self.template)


def _walk(resolver: URLResolver, before: str = "") -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        template = before + _plain(str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            yield Route(template)
        else:
            yield from _walk(pattern, template)


def _plain(pattern: str) -> str:
    """Return a pattern of `path` or `re_path` with nothing but names left in it."""
    named = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<\1>", pattern)
    named = re.sub(r"<\w+:(\w+)>", r"<\1>", named)
    return re.sub(r"\\Z|[\^$?\\]", "", named)


def routes() -> list[Route]:
    """Return every route once; the one with a format suffix is its twin's."""
    found = {route.template: route for route in _walk(get_resolver())}
    return [found[template] for template in sorted(found) if "<format>" not in template]


def _public_id(model) -> Callable[[World], str]:
    return lambda world: world.public_id_of(model)


def _person_of_theirs(world: World) -> int:
    """Return the id of the tenant's bridge SE, else of its one person."""
    with tenant_scope(world.tenant), transaction.atomic():
        theirs = Membership.objects.filter(Q(role="bridge_se") | Q(pk=world.id_of(Membership)))
        return theirs.order_by("pk").values_list("user_id", flat=True).last()


def _sign_on_of_theirs(world: World) -> str:
    user_id = _person_of_theirs(world)
    said = {"issuer": "https://id.example", "email": "bridge@globex.example", "bound_at": NOON}
    row, _made = SignOn.objects.get_or_create(user_id=user_id, subject=str(user_id), defaults=said)
    return row.public_id


def _session_of_theirs(world: World) -> str:
    user_id = _person_of_theirs(world)
    public_id = Session.public_id_of(key := f"session-of-{user_id}")
    row = {"user_id": user_id, "public_id": public_id, "expire_date": NOON + timedelta(days=36500)}
    Session.objects.get_or_create(session_key=key, defaults=row)
    return public_id


def _notice_of_theirs(world: World) -> str:
    """Return the public id of what the tenant's bridge SE was told, else its one person."""
    with tenant_scope(world.tenant), transaction.atomic():
        theirs = Membership.objects.filter(Q(role="bridge_se") | Q(pk=world.id_of(Membership)))
        rows = Notification.objects.filter(pk=world.id_of(Notification))
        rows.update(recipient=theirs.order_by("pk").last())
        return rows.get().public_id


def _job_of_theirs(world: World) -> str:
    """Return the public id of the tenant's one dead job."""
    row = {"due_at": NOON, "state": JobState.DEAD}
    job, _made = Job.objects.get_or_create(
        tenant=world.tenant, kind="theirs", key="1", defaults=row
    )
    return job.public_id


def _code(world: World) -> str:
    return world.tenant.code


def _filter_of_theirs(world: World) -> str:
    """Return the public id of a filter that the tenant's bridge SE, else its one person, keeps."""
    with tenant_scope(world.tenant), transaction.atomic():
        theirs = Membership.objects.filter(Q(role="bridge_se") | Q(pk=world.id_of(Membership)))
        user_id = theirs.order_by("pk").values_list("user_id", flat=True).last()
    row, _made = SavedFilter.objects.get_or_create(user_id=user_id, name=world.canary)
    return row.public_id


def _file_of(model) -> Callable[[World], str]:
    """Return the public id of a row whose file lies where it says."""

    def meaning(world: World) -> str:
        public_id = world.public_id_of(model)
        with tenant_scope(world.tenant), transaction.atomic():
            path = path_of(world.tenant.pk, model.objects.get(public_id=public_id).key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(world.canary)
        return public_id

    return meaning


NEVER = "A" * 16  # 96 bits that nobody drew

# What a name means: the identifier of globex's object, and one that never was.
TICKET = (lambda world: world.id_of(Ticket) and f"{world.tenant.code}-7", "ACME-9999")
MEANINGS: dict[str, tuple[Callable[[World], str], str]] = {
    "administration/clients/<code>": (_code, "NOBODY"),
    "administration/invitations/<public_id>": (_public_id(Invitation), NEVER),
    "administration/jobs/<public_id>": (_job_of_theirs, NEVER),
    "administration/members/<public_id>": (_public_id(Membership), NEVER),
    "me/sign-on/<public_id>": (_sign_on_of_theirs, NEVER),
    "me/sessions/<public_id>": (_session_of_theirs, NEVER),
    "api/v1/tickets/<key>": TICKET,
    "api/v1/tickets/<key>/handoffs/<subject>": (_public_id(Handoff), NEVER),
    "api/v1/tickets/<key>/disputes/<subject>": (_public_id(Dispute), NEVER),
    "api/v1/faq/<public_id>": (_public_id(FaqEntry), NEVER),
    "api/v1/patterns/<public_id>": (_public_id(Pattern), NEVER),
    "api/v1/tickets/<key>/time/<number>": (lambda world: world.id_of(TimeEntry) and "1", "1"),
    "api/v1/alert-sources/<public_id>": (_public_id(AlertSource), NEVER),
    "api/v1/alert-windows/<public_id>": (_public_id(AlertWindow), NEVER),
    "api/v1/attachments/<public_id>": (_file_of(Attachment), NEVER),
    "api/v1/clients/<code>": (_code, "NOBODY"),
    "api/v1/comments/<public_id>": (_public_id(Comment), NEVER),
    "api/v1/glossary/<code>": (_code, "NOBODY"),
    "api/v1/imports/<public_id>": (_public_id(BulkImport), NEVER),
    "api/v1/incident-reports/<key>": TICKET,
    "api/v1/jobs/<public_id>": (_job_of_theirs, NEVER),
    "api/v1/links/<public_id>": (_public_id(Link), NEVER),
    "api/v1/members/<public_id>": (_public_id(Membership), NEVER),
    "api/v1/notices/<public_id>": (_notice_of_theirs, NEVER),
    "api/v1/releases/<public_id>": (_public_id(Release), NEVER),
    "api/v1/remarks/<public_id>": (_public_id(ReportRemark), NEVER),
    "api/v1/replays/<public_id>": (_public_id(Replay), NEVER),
    "api/v1/routine-proofs/<public_id>": (_file_of(RoutineProof), NEVER),
    "api/v1/routine-runs/<public_id>": (_public_id(RoutineRun), NEVER),
    "api/v1/routines/<public_id>": (_public_id(RoutineTask), NEVER),
    "api/v1/terms/<public_id>": (_public_id(GlossaryTerm), NEVER),
    "api/v1/contracts/<contract>": (_public_id(Contract), NEVER),
    "api/v1/contracts/<contract>/months/<month>": (lambda world: "2026-04", "2026-04"),
    "api/v1/estimates/<public_id>": (_public_id(Estimate), NEVER),
    "api/v1/contracts/<public_id>": (_public_id(Contract), NEVER),
    "api/v1/contracts/<public_id>/versions/<number>": (lambda world: "1", "1"),
    "api/v1/reports/<public_id>": (_public_id(MonthlyReport), NEVER),
    "api/v1/reports/draft/<contract>": (_public_id(Contract), NEVER),
    "api/v1/reports/draft/<contract>/<month>": (lambda world: "2026-04", "2026-04"),
    "contracts/<public_id>": (_public_id(Contract), NEVER),
    "contracts/<public_id>/versions/<number>": (lambda world: "1", "1"),
    "cockpit/filters/<public_id>": (_filter_of_theirs, NEVER),
    "notices/<public_id>": (_notice_of_theirs, NEVER),
    "reports/<public_id>": (_public_id(MonthlyReport), NEVER),
    "reports/incidents/<key>": (
        lambda world: world.id_of(Ticket) and f"{world.tenant.code}-7",
        "ACME-9999",
    ),
    "reports/draft/<contract>": (_public_id(Contract), NEVER),
    "reports/draft/<contract>/<month>": (lambda world: "2026-04", "2026-04"),
    "tickets/releases/<public_id>": (_public_id(Release), NEVER),
    "tickets/releases/new/<contract>": (_public_id(Contract), NEVER),
    "reports/<public_id>/pdf/<language>": (lambda world: "en", "en"),
    "reports/<public_id>/csv/<table>": (lambda world: "misses", "misses"),
    "reports/close/<contract>": (_public_id(Contract), NEVER),
    "reports/close/<contract>/<month>": (lambda world: "2026-04", "2026-04"),
    "reports/remarks/<public_id>": (_public_id(ReportRemark), NEVER),
    "tickets/security/<public_id>": (_public_id(SecurityFinding), NEVER),
    "tickets/security/new/<contract>": (_public_id(Contract), NEVER),
    "api/v1/findings/<public_id>": (_public_id(SecurityFinding), NEVER),
    "tickets/faq/<public_id>": (_public_id(FaqEntry), NEVER),
    "tickets/faq/new/<code>": (_code, "NOBODY"),
    "tickets/patterns/<public_id>": (_public_id(Pattern), NEVER),
    "hooks/alerts/<public_id>": (_public_id(AlertSource), NEVER),
    "tickets/alerts/sources/<public_id>": (_public_id(AlertSource), NEVER),
    "hooks/mail/<public_id>": (_public_id(Mailbox), NEVER),
    "tickets/mail/<public_id>": (_public_id(Letter), NEVER),
    "tickets/mailboxes/new/<code>": (_code, "NOBODY"),
    "tickets/mailboxes/<public_id>": (_public_id(Mailbox), NEVER),
    "api/v1/rosters/<public_id>": (_public_id(Roster), NEVER),
    "api/v1/swaps/<public_id>": (_public_id(Swap), NEVER),
    "api/v1/absences/<public_id>": (_public_id(Absence), NEVER),
    "api/v1/letters/<public_id>": (_public_id(Letter), NEVER),
    "api/v1/mailboxes/<public_id>": (_public_id(Mailbox), NEVER),
    "api/v1/clients/<code>/rosters/<tier>": (lambda world: "L2", "L2"),
    "tickets/on-call/write/<code>": (_code, "NOBODY"),
    "tickets/on-call/write/<code>/<tier>": (lambda world: "L2", "L2"),
    "tickets/on-call/absences/<public_id>": (_public_id(Absence), NEVER),
    "tickets/on-call/swaps/<public_id>": (_public_id(Swap), NEVER),
    "tickets/on-call/rosters/<public_id>": (_public_id(Roster), NEVER),
    "tickets/alerts/new/<contract>": (_public_id(Contract), NEVER),
    "tickets/alerts/windows/new/<contract>": (_public_id(Contract), NEVER),
    "tickets/alerts/windows/<public_id>": (_public_id(AlertWindow), NEVER),
    "tickets/routines/<public_id>": (_public_id(RoutineTask), NEVER),
    "tickets/routines/new/<contract>": (_public_id(Contract), NEVER),
    "tickets/routines/runs/<public_id>": (_public_id(RoutineRun), NEVER),
    "tickets/routines/proofs/<public_id>": (_file_of(RoutineProof), NEVER),
    "tickets/replays/<public_id>": (_public_id(Replay), NEVER),
    "tickets/in-force/<contract>": (_public_id(Contract), NEVER),
    "tickets/in-force/<contract>/<number>": (lambda world: "1", "1"),
    "tickets/replays/new/<contract>": (_public_id(Contract), NEVER),
    "tickets/import/<public_id>": (_public_id(BulkImport), NEVER),
    "tickets/import/new/<contract>": (_public_id(Contract), NEVER),
    "tickets/time/<contract>": (_public_id(Contract), NEVER),
    "tickets/overage/<contract>": (_public_id(Contract), NEVER),
    "tickets/flow/<public_id>": (_public_id(Contract), NEVER),
    "tickets/<key>": TICKET,
    "tickets/<key>/time/<number>": (lambda world: world.id_of(TimeEntry) and "1", "1"),
    "tickets/links/<public_id>": (_public_id(Link), NEVER),
    "tickets/attachments/<public_id>": (_file_of(Attachment), NEVER),
    "tickets/comments/<public_id>": (_public_id(Comment), NEVER),
    "tickets/glossary/<code>": (lambda world: world.tenant.code, "NOBODY"),
    "tickets/glossary/term/<public_id>": (_public_id(GlossaryTerm), NEVER),
    "tickets/handoffs/<public_id>": (_public_id(Handoff), NEVER),
    "tickets/estimates/<public_id>": (_public_id(Estimate), NEVER),
    "tickets/orders/<public_id>": (_file_of(PurchaseOrderFile), NEVER),
    "api/v1/order-files/<public_id>": (_file_of(PurchaseOrderFile), NEVER),
    "tickets/disputes/<public_id>": (_public_id(Dispute), NEVER),
}
