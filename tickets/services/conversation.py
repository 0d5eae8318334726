"""Words and files on a ticket. The vendor's first public reply is the acknowledgement."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from tenants.errors import Invalid, NotPermitted
from tenants.models import Membership
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Comment, Ticket
from tickets.models.choices import Lane, ObligationKind
from tickets.services.attachments import StoredFile, attach
from tickets.services.clocks import Clocks
from tickets.services.guard import begin, command
from tickets.services.watching import call_mentioned


@command
def comment(
    *,
    ticket: Ticket,
    actor: Membership,
    body: str,
    now: datetime,
    lane: str = Lane.PUBLIC,
    language: str = "en",
    files: Sequence[StoredFile] = (),
) -> Ticket:
    """
    Write on a ticket; the first public word of a vendor person stops the acknowledge clock.

    Who is called with `@` and their name watches the ticket from then on. `files` were stored
    before (`store_file`); whoever may read the lane may download them.

    :raises NotPermitted: if a client writes in a lane of the vendor's.
    """
    if not body.strip() and not files:
        raise Invalid(_("Write something first."), field="body")
    if lane != Lane.PUBLIC and not actor.is_vendor:
        raise NotPermitted(_("Clients write in the public lane."))
    ticket = begin(ticket.pk, actor, Action.COMMENT)
    said = say(ticket, actor, body, now, lane=lane, language=language)
    attach(ticket, files, actor, now, comment=said, lane=lane)
    call_mentioned(ticket, said, actor, now)
    if lane == Lane.PUBLIC and actor.is_vendor:
        clocks = Clocks.of(ticket, actor)
        heard(clocks, now)
        if clocks.save():
            ticket.save(update_fields=["next_due_at"])
    return ticket


def say(
    ticket: Ticket,
    actor: Membership,
    body: str,
    now: datetime,
    *,
    lane: str = Lane.PUBLIC,
    language: str = "en",
) -> Comment:
    """Write the words; inside a command that has locked the ticket."""
    row = Comment.objects.create(
        tenant_id=ticket.tenant_id,
        ticket=ticket,
        author=actor,
        lane=lane,
        body=body,
        language=language,
        at=now,
    )
    audit.record(
        actor=actor, verb="ticket.commented", subject=ticket, at=now, lane=lane, comment=row.pk
    )
    return row


def heard(clocks: Clocks, now: datetime) -> None:
    """Let the public words of a vendor person acknowledge, and start the next round of updates."""
    clocks.stop(ObligationKind.ACKNOWLEDGE, now)
    clocks.next_round(ObligationKind.UPDATE, now)
