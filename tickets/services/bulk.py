"""
Import of another tool's tickets and time entries: uploaded, looked at, confirmed once, then done.

A file with one wrong row is not confirmed: never half an import. A job takes AT_ONCE rows a
transaction and asks for the next, so a killed worker loses none and repeats none.
"""

import hashlib
from collections import Counter
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from contracts.domain.scope import Facts
from contracts.models import Contract
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Job, Membership
from tenants.services import audit, jobs
from tickets.bulk_words import said_of, said_of_file
from tickets.domain.bulk_faults import Unreadable
from tickets.domain.bulk_file import read
from tickets.domain.bulk_presets import mapping_for, missing_fields
from tickets.domain.file_names import clean_name
from tickets.domain.lifecycle import LEADS
from tickets.models import BulkImport, BulkRow, Ticket
from tickets.models.bulk import BulkKind, BulkOutcome
from tickets.models.choices import Channel, TicketType, WorkStream
from tickets.services.bulk_check import Checked, check, fingerprint, limits, table_of
from tickets.services.effort import log_time
from tickets.services.guard import stage_of, story
from tickets.services.intake import open_ticket
from tickets.services.progress import start_work
from tickets.services.resolution import cancel_ticket, close_ticket, resolve_ticket

KIND = "tickets.bulk_import"
AT_ONCE = 50  # rows a transaction: the client's ticket numbers stay locked for it
ACTIVITIES = {
    TicketType.INCIDENT: "incident_response",
    TicketType.SERVICE_REQUEST: "service_desk",
    TicketType.CHANGE_REQUEST: "perfective",
    TicketType.PROBLEM: "corrective",
}
LEVELS = {"P1": (1, 1), "P2": (2, 1), "P3": (2, 2), "P4": (3, 3)}


def may_import(actor: Membership | None) -> Membership:
    """:raises NotPermitted: unless a bridge SE or an account manager asks."""
    if actor is None or actor.role not in LEADS:
        raise NotPermitted(_("Only a bridge SE or an account manager imports tickets."))
    return actor


@transaction.atomic
def upload_bulk(
    *, contract: Contract, actor: Membership, kind: str, source: str, system: str,
    environment: str, upload: UploadedFile, now: datetime,
) -> BulkImport:  # fmt: skip
    """
    Keep the bytes of a file as they came, with what the preset knows of its headings.

    :raises Invalid: if it cannot be read, or holds more than BULK_MOST_* allow.
    """
    may_import(actor)
    most = limits()
    content = upload.read(most.size + 1)
    try:
        table = read(content, most)
    except Unreadable as error:
        raise Invalid(said_of_file(error), field="file") from error
    bulk = BulkImport.objects.create(
        tenant_id=contract.tenant_id,
        contract=contract,
        kind=kind,
        source=source,
        name=clean_name(upload.name or ""),
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        mapping=mapping_for(table.heads, source, kind),
        system=system,
        environment=environment,
        by=actor,
        uploaded_at=now,
    )
    audit.record(
        actor=actor, verb="bulk.uploaded", subject=bulk, at=now, name=bulk.name, sha256=bulk.sha256
    )
    return bulk


@transaction.atomic
def map_bulk(*, bulk: BulkImport, actor: Membership, mapping: dict[str, str]) -> BulkImport:
    """
    Say which heading stands for which field.

    :raises Refused: once it is confirmed.
    :raises Invalid: if a required field has no heading, or a heading is not in the file.
    """
    may_import(actor)
    bulk = BulkImport.objects.select_for_update(of=["self"]).get(pk=bulk.pk)
    if bulk.confirmed_at is not None:
        raise Refused(_("The import is confirmed: its columns cannot be changed any more."))
    heads = set(table_of(bulk).heads)
    mapping = {field: head for field, head in mapping.items() if head in heads}
    if missing := missing_fields(mapping, bulk.kind):
        raise Invalid(_("Choose a column for this."), field=missing[0])
    bulk.mapping = mapping
    bulk.save(update_fields=["mapping"])
    return bulk


@transaction.atomic
def confirm_bulk(*, bulk: BulkImport, actor: Membership, shown: str, now: datetime) -> BulkImport:
    """
    Import exactly what was shown; the second confirmation of the same finds it done.

    `shown` is the `fingerprint` of the report that the person read.

    :raises Refused: if anything has changed since, or a row is wrong.
    """
    may_import(actor)
    bulk = BulkImport.objects.select_for_update(of=["self"]).get(pk=bulk.pk)
    if bulk.confirmed_at is not None:
        return bulk
    if hashlib.sha256(bytes(bulk.content)).hexdigest() != bulk.sha256:
        raise Refused(_("The file is not what was uploaded. Upload it again."))
    rows = check(bulk, now)
    if fingerprint(bulk, rows) != shown:
        raise Refused(_("Something has changed since you looked. Read the report again."))
    if any(row.outcome == BulkOutcome.WRONG for row in rows):
        raise Refused(_("Some rows are wrong. Correct the file and upload it again."))
    bulk.confirmed_by, bulk.confirmed_at, bulk.expected = actor, now, len(rows)
    bulk.save(update_fields=["confirmed_by", "confirmed_at", "expected"])
    audit.record(
        actor=actor, verb="bulk.confirmed", subject=bulk, at=now, sha256=bulk.sha256,
        **Counter(str(row.outcome) for row in rows),
    )  # fmt: skip
    ask_for(bulk, 0)
    return bulk


def ask_for(bulk: BulkImport, after: int) -> None:
    """Ask for the rows after so many, once."""
    key = f"bulk:{bulk.pk}:{after}"
    jobs.enqueue(KIND, tenant_id=bulk.tenant_id, key=key, bulk_id=bulk.pk)


@jobs.handles(KIND)
def import_rows(job: Job) -> None:
    """Import the next rows that have no outcome yet, as one transaction, and ask for the rest."""
    rows = BulkImport.objects.select_related("contract__tenant", "confirmed_by")
    bulk = rows.select_for_update(of=["self"]).get(pk=job.payload["bulk_id"])
    if bulk.finished_at is not None:
        return
    now = timezone.now()
    done = set(bulk.outcomes.values_list("number", flat=True))
    left = [row for row in check(bulk, now) if row.number not in done]
    for row in left[:AT_ONCE]:
        take(bulk, row, now)
    if len(left) > AT_ONCE:
        ask_for(bulk, len(done) + AT_ONCE)
        return
    bulk.finished_at = now
    bulk.save(update_fields=["finished_at"])
    counts = Counter(bulk.outcomes.values_list("outcome", flat=True))
    audit.record(
        actor=bulk.confirmed_by, verb="bulk.finished", subject=bulk, at=now, **dict(counts)
    )


def take(bulk: BulkImport, row: Checked, now: datetime) -> None:
    """Import one row and keep what became of it; what the rules refuse now is told, not lost."""
    outcome, ticket, said = row.outcome, None, "; ".join(said_of(wrong) for wrong in row.wrong)
    if outcome == BulkOutcome.CREATED:
        bring = bring_ticket if bulk.kind == BulkKind.TICKETS else bring_time
        try:
            with story():
                ticket = bring(bulk, row, now)
        except Refused as error:
            outcome, said = BulkOutcome.WRONG, str(error.message)
    BulkRow.objects.create(
        tenant_id=bulk.tenant_id, bulk=bulk, number=row.number, kind=bulk.kind, source=bulk.source,
        source_key=row.key[:120], outcome=outcome, ticket=ticket, said=said[:300],
    )  # fmt: skip


def bring_time(bulk: BulkImport, row: Checked, now: datetime) -> Ticket:
    work = row.row
    ticket = Ticket.objects.get(pk=row.ticket_id)
    return log_time(
        ticket=ticket, actor=bulk.confirmed_by, person=row.person, starts_at=work.starts_at,
        ends_at=work.ends_at, note=work.note, assumed=work.assumed, now=now,
    )  # fmt: skip


def bring_ticket(bulk: BulkImport, row: Checked, now: datetime) -> Ticket:
    """Open the ticket as of when it was received, and take the steps that its status tells of."""
    told, actor = row.row, bulk.confirmed_by
    impact, urgency = LEVELS[told.priority]
    ticket = open_ticket(
        contract=bulk.contract,
        actor=actor,
        requester=row.person,
        type=told.type,
        title=told.title,
        description=told.description,
        system=told.system,
        environment=told.environment,
        impact=impact,
        urgency=urgency,
        priority=told.priority,
        received_at=told.received_at,
        received_reason=f"Imported from {bulk.get_source_display()}: {bulk.name}"[:200],
        now=told.received_at,
        channel=Channel.IMPORT,
        facts=Facts(activity=ACTIVITIES[TicketType(told.type)]),
        source=bulk.source,
        source_key=told.source_key,
    )
    if told.status == "cancelled":
        reason = told.resolution or "Cancelled in the other tool."
        return cancel_ticket(ticket=ticket, actor=actor, reason=reason, now=told.closed_at)
    if told.status != "new":
        ticket = start_work(ticket=ticket, actor=actor, now=told.received_at)
    if told.status in ("resolved", "closed"):
        ticket = end(ticket, actor, told)
    return ticket


def end(ticket: Ticket, actor: Membership, told) -> Ticket:
    """Resolve the ticket when the other tool did, and close it where that did."""
    at = told.closed_at or told.received_at
    maintained = stage_of(ticket).stream == WorkStream.MAINTENANCE
    ticket = resolve_ticket(
        ticket=ticket, actor=actor, now=at,
        resolution=told.resolution or "Done in the other tool.",
        fix_reason="Done in the other tool.",
        no_release="Released before the import." if maintained else "",
    )  # fmt: skip
    if told.status == "closed":
        ticket = close_ticket(ticket=ticket, actor=actor, now=at)
    return ticket
