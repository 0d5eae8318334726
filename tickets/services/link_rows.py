"""Links as rows: written once, with an event at both ends."""

from datetime import datetime

from tenants.models import Membership
from tenants.services import audit
from tickets.models import Link, Ticket


def note_link(
    ticket: Ticket,
    other: Ticket,
    kind: str,
    actor: Membership | None,
    now: datetime,
    **more: object,
) -> Link:
    """Write the link down once, with an event at both ends."""
    link, made = Link.objects.get_or_create(
        tenant_id=ticket.tenant_id,
        ticket=ticket,
        kind=kind,
        other=other,
        defaults={"by": actor, "at": now},
    )
    if made:
        for end, far, back in ((ticket, other, False), (other, ticket, True)):
            audit.record(
                actor=actor,
                verb="ticket.linked",
                subject=end,
                at=now,
                kind=kind,
                other=far.key,
                back=back,
                **more,
            )
    return link
