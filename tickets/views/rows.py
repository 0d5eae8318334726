"""A ticket as a row of a list: what the table shows, and no more of it is loaded."""

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any, NamedTuple, Self

from django.db.models import QuerySet
from django.http import HttpRequest

from tenants.prepared import LISTS
from tenants.scoping import FirstOfEach, is_one
from tickets.models import Ticket
from tickets.models.ticket import OPEN_STATUSES, own_only

COLUMNS = (
    *("key", "title", "type", "environment", "priority", "status", "next_due_at"),
    *("tenant__name", "stage__owner__user__name"),
    *("stage__decision__outcome", "stage__decision__clause_id", "stage__decision__pending"),
)


class TicketRow(NamedTuple):
    """The `COLUMNS` of a ticket."""

    key: str
    title: str
    type: str
    environment: str
    priority: str
    status: str
    next_due_at: datetime | None
    client: str
    owner: str | None
    outcome: str | None
    clause_id: str | None
    pending: bool | None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @classmethod
    def of(cls, ticket: "Ticket | TicketRow") -> Self:
        """Return the row of a ticket that is loaded with its client, stage, owner and decision."""
        if isinstance(ticket, TicketRow):
            return ticket
        stage = ticket.stage
        decision = stage and stage.decision
        return cls(
            *(ticket.key, ticket.title, ticket.type, ticket.environment, ticket.priority),
            *(ticket.status, ticket.next_due_at, ticket.tenant.name),
            stage and stage.owner.user.name,
            *(
                (decision and (decision.outcome, decision.clause_id, decision.pending))
                or (None,) * 3
            ),
        )


def rows_of(page: QuerySet[Ticket]) -> list[TicketRow]:
    """Return the rows of a page, a slice of an ordered list, in its order."""
    return kept_rows(None, lambda: page)


def kept_rows(
    words: Hashable | None, page: Callable[[], QuerySet[Ticket]], **values: Any
) -> list[TicketRow]:
    """Return the rows of a page that depends on these words and the scope (`prepared.Lists`)."""
    made = kept(words, page, COLUMNS, **values)
    return [TicketRow(*row) for row in made]


def kept(
    words: Hashable | None,
    page: Callable[[], QuerySet[Ticket]],
    columns: tuple[str, ...],
    **values: Any,
) -> list[tuple]:
    """Return these columns of a page that depends on these words and the scope."""
    key = None if words is None else (columns, words)
    return LISTS.all(key, lambda: found(page()).values_list(*columns), **values)


MOST_WORDS = 200


def words_of(request: HttpRequest) -> str | None:
    """
    Return what decides on the SQL of a list besides the scope; None where that is something else.

    That is whose tickets are seen, where not all are, and a client's id, which only the scope's
    people may ask for. A cursor is asked for once.
    """
    said = request.GET.urlencode()
    if own_only(request.memberships) or len(said) > MOST_WORDS:
        return None
    return None if request.GET.keys() & {"client", "cursor"} else said


def found(page: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """
    Return a page, a slice of an ordered list, found in its own table before anything is joined to it.

    So what is joined is joined to a page, not to the list. In a scope of several clients each is
    asked by itself for as many rows as it can give to the page, and an index serves it; of these
    come the page's.
    """
    ids = page.values("pk") if is_one() else FirstOfEach(page)
    return Ticket.objects.filter(pk__in=ids).order_by(*page.query.order_by)
