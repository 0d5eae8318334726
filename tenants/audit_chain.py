"""
The chain over the audit: each tenant's events are linked by hash in the order they were committed.

A deferred trigger links an event at the very end of its transaction, under a lock of the tenant
that is held for the commit only: a change and its link stand or fall together, nobody waits for the
chain while working, and no lock is taken after it. Who edits, removes or slips in an event breaks
the link; who cuts off the end is found by the heads that the monthly reports carry.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from django.db import connection

# What a link is taken over. Independent of the session's zone; jsonb has one text for one value.
EVENT_TEXT = (
    "jsonb_build_array({row}.tenant_id, {row}.id, extract(epoch FROM {row}.at)::text,"
    " {row}.actor_id, {row}.verb, {row}.subject_type, {row}.subject_id, {row}.origin,"
    " {row}.data)::text"
)
LINK = "encode(sha256(convert_to(coalesce({before}, '') || {text}, 'UTF8')), 'hex')"

FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION app.link_event() RETURNS trigger LANGUAGE plpgsql
AS $$
DECLARE
    told text := current_setting('app.tenants', true);
    head record;
BEGIN
    PERFORM pg_advisory_xact_lock(2573, (NEW.tenant_id % 2147483647)::int);
    PERFORM set_config('app.tenants', '{{' || NEW.tenant_id || '}}', true);
    SELECT position, sha256 INTO head FROM tenants_auditlink
        WHERE tenant_id = NEW.tenant_id ORDER BY position DESC LIMIT 1;
    INSERT INTO tenants_auditlink (tenant_id, position, event_id, sha256) VALUES (
        NEW.tenant_id, coalesce(head.position, 0) + 1, NEW.id,
        {LINK.format(before="head.sha256", text=EVENT_TEXT.format(row="NEW"))})
        ON CONFLICT (tenant_id, event_id) DO NOTHING;  -- a forged link stays, and does not verify
    PERFORM set_config('app.tenants', coalesce(told, ''), true);
    RETURN NULL;
END $$;
"""  # noqa: S608
TRIGGERS = {
    "tenants.AuditEvent": (
        "linked",
        'CREATE CONSTRAINT TRIGGER linked AFTER INSERT ON "tenants_auditevent"'
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.link_event();",
    ),
}

BROKEN = f"""
WITH chain AS (
    SELECT link.position, link.sha256, event.id,
           lag(link.sha256) OVER (ORDER BY link.position) AS before,
           lag(link.position) OVER (ORDER BY link.position) AS earlier,
           {EVENT_TEXT.format(row="event")} AS text
    FROM tenants_auditlink link
    JOIN tenants_auditevent event ON event.tenant_id = link.tenant_id AND event.id = link.event_id
    WHERE link.tenant_id = %(tenant)s
)
SELECT position, id, CASE WHEN position <> coalesce(earlier, 0) + 1 THEN 'gap' ELSE 'altered' END
FROM chain
WHERE position <> coalesce(earlier, 0) + 1
   OR sha256 <> {LINK.format(before="before", text="text")}
ORDER BY position
"""  # noqa: S608
UNLINKED = """
SELECT event.id FROM tenants_auditevent event
LEFT JOIN tenants_auditlink link ON link.tenant_id = event.tenant_id AND link.event_id = event.id
WHERE event.tenant_id = %(tenant)s AND link.id IS NULL ORDER BY event.id
"""
# The link of the last event before each instant; both indexes begin with the tenant, so none is scanned.
HEADS = """
SELECT bound.day, head.position, head.sha256
FROM unnest(%(days)s::date[], %(ends)s::timestamptz[]) bound(day, ends_at)
CROSS JOIN LATERAL (
    SELECT link.position, link.sha256 FROM tenants_auditevent event
    JOIN tenants_auditlink link ON link.tenant_id = event.tenant_id AND link.event_id = event.id
    WHERE event.tenant_id = %(tenant)s AND event.at < bound.ends_at AND link.position <= %(upto)s
    ORDER BY event.at DESC, event.id DESC LIMIT 1
) head ORDER BY bound.day
"""


def breaks(tenant_id: int) -> Iterator[str]:
    """Yield one sentence for each place where the tenant's chain does not hold; inside its scope."""
    with connection.cursor() as cursor:
        cursor.execute(BROKEN, {"tenant": tenant_id})
        for position, event, how in cursor.fetchall():
            if how == "gap":
                yield f"Before link {position} (event {event}) something was removed."
            else:
                yield f"Event {event} (link {position}) is not what it was, or its link is not."
        cursor.execute(UNLINKED, {"tenant": tenant_id})
        for (event,) in cursor.fetchall():
            yield f"Event {event} was slipped in: no link holds it."


def head(tenant_id: int) -> tuple[int, str]:
    """Return the place and the hash of the tenant's last link; (0, "") where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position, sha256 FROM tenants_auditlink"
            " WHERE tenant_id = %s ORDER BY position DESC LIMIT 1",
            [tenant_id],
        )
        return cursor.fetchone() or (0, "")


def heads(
    tenant_id: int, ends: Sequence[tuple[date, datetime]], upto: int
) -> list[tuple[date, int, str]]:
    """
    Return day, place and hash of the link with which each day ended; `ends` names when it did.

    Links after `upto` are not looked at: what is written later about those days changes no answer.
    """
    asked = {"days": [day for day, _ in ends], "ends": [at for _, at in ends]}
    with connection.cursor() as cursor:
        cursor.execute(HEADS, asked | {"tenant": tenant_id, "upto": upto})
        return cursor.fetchall()


def link_at(tenant_id: int, position: int) -> str:
    """Return the hash of the link at a place; empty where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sha256 FROM tenants_auditlink WHERE tenant_id = %s AND position = %s",
            [tenant_id, position],
        )
        return (cursor.fetchone() or ("",))[0]
