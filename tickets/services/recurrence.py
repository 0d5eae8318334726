"""Incidents are recognised as the fault they are; a person may say that one is something else."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby

from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.errors import Invalid, Refused
from tenants.models import Job, Membership
from tenants.services import audit, jobs
from tickets.domain.lifecycle import Action
from tickets.domain.recurrence import MOST_WORDINGS, Known, told
from tickets.domain.wording import folded
from tickets.models import Occurrence, Pattern, PatternWording, Ticket
from tickets.models.choices import TicketType
from tickets.services.guard import begin, command

EVERY = timedelta(minutes=2)
MOST_A_RUN = 5_000
A_QUERY = 500

Place = tuple[int, int, str]  # tenant, contract, system


@jobs.handles("tickets.recurrence", every=EVERY)
def look_for_patterns(job: Job) -> None:
    """Recognise what came in since the last run, for one tenant."""
    recognise(timezone.now())


def recognise(now: datetime, most: int = MOST_A_RUN) -> int:
    """
    Recognise the incidents that nobody looked at yet, the oldest first; return how many.

    Memory holds one run's titles and, of one system at a time, the wordings that were met last.
    """
    rows = Ticket.objects.filter(type=TicketType.INCIDENT, occurrences=None)
    rows = rows.only("tenant_id", "contract_id", "system", "title", "symptom", "received_at")
    found = sorted(rows.order_by("received_at", "pk")[:most], key=place_of)
    for place, tickets in groupby(found, key=place_of):
        Recogniser(place, now).take(list(tickets))
    return len(found)


def place_of(ticket: Ticket) -> Place:
    return ticket.tenant_id, ticket.contract_id, ticket.system


def words_of(ticket: Ticket) -> str:
    return told(ticket.title, ticket.symptom)


class Recogniser:
    """The faults of one system of a contract, read only as far as the new incidents need them."""

    def __init__(self, place: Place, now: datetime) -> None:
        self.tenant_id, self.contract_id, self.system = place
        self.now = now
        self.known: Known[int] | None = None
        self.exact: dict[str, int] = {}

    def wordings(self):
        return PatternWording.objects.filter(contract_id=self.contract_id, system=self.system)

    def take(self, tickets: list[Ticket]) -> None:
        """Write down what each incident is, in the order in which they were received."""
        self.exact = dict(self._exact({folded(words_of(ticket)) for ticket in tickets}))
        rows, met = [], {}
        for ticket in tickets:
            pattern_id = self.pattern_of(ticket)
            met[pattern_id] = max(met.get(pattern_id, ticket.received_at), ticket.received_at)
            rows.append(
                Occurrence(
                    tenant_id=self.tenant_id, ticket=ticket, pattern_id=pattern_id, at=self.now
                )
            )
        Occurrence.objects.bulk_create(rows, ignore_conflicts=True, batch_size=A_QUERY)
        touch(met)

    def _exact(self, texts: set[str]) -> Iterator[tuple[str, int]]:
        wanted = sorted(texts)
        for start in range(0, len(wanted), A_QUERY):
            rows = self.wordings().filter(text__in=wanted[start : start + A_QUERY])
            yield from rows.values_list("text", "pattern_id")

    def pattern_of(self, ticket: Ticket) -> int:
        words = words_of(ticket)
        if (same := self.exact.get(folded(words))) is not None:
            return same
        if self.known is None:
            self.known = Known()
            rows = self.wordings().order_by("-pattern__met_at", "-pk")
            for text, pattern_id in reversed(
                rows.values_list("text", "pattern_id")[:MOST_WORDINGS]
            ):
                self.known.learn(text, pattern_id)
        if (pattern_id := self.known.fault_of(words)) is None:
            pattern_id = self.new_pattern(ticket)
        self.remember(words, pattern_id)
        return pattern_id

    def new_pattern(self, ticket: Ticket) -> int:
        return Pattern.objects.create(
            tenant_id=self.tenant_id,
            contract_id=self.contract_id,
            system=self.system,
            title=ticket.title,
            symptom=ticket.symptom,
            met_at=ticket.received_at,
        ).pk

    def remember(self, words: str, pattern_id: int) -> None:
        text = folded(words)
        PatternWording.objects.create(
            tenant_id=self.tenant_id,
            pattern_id=pattern_id,
            contract_id=self.contract_id,
            system=self.system,
            text=text,
        )
        self.exact[text] = pattern_id
        if self.known is not None:
            self.known.learn(words, pattern_id)


def touch(met: dict[int, datetime]) -> None:
    """Let each pattern say when it was met last."""
    rows = list(Pattern.objects.filter(pk__in=met))
    for row in rows:
        row.met_at = max(row.met_at, met[row.pk])
    Pattern.objects.bulk_update(rows, ["met_at"], batch_size=A_QUERY)


# --- a person knows better ---


@command
def leave_pattern(*, ticket: Ticket, actor: Membership, now: datetime) -> Ticket:
    """
    Say that an incident is not the fault it was recognised as.

    :raises Refused: if it stands in no pattern.
    """
    ticket = begin(ticket.pk, actor, Action.LINK)
    row = Occurrence.objects.select_for_update().filter(ticket=ticket).first()
    if row is None or row.pattern_id is None:
        raise Refused(_("This incident stands in no pattern."))
    left, row.pattern, row.by, row.at = row.pattern_id, None, actor, now
    row.save(update_fields=["pattern", "by", "at"])
    say(ticket, actor, now, "ticket.left_pattern", Pattern.objects.get(pk=left))
    return ticket


@command
def join_pattern(*, ticket: Ticket, pattern: Pattern, actor: Membership, now: datetime) -> Ticket:
    """
    Say that an incident is a fault that is known, though its words did not show it.

    :raises Invalid: if it is no incident, or the pattern is another contract's.
    """
    ticket = begin(ticket.pk, actor, Action.LINK)
    if ticket.type != TicketType.INCIDENT or pattern.contract_id != ticket.contract_id:
        raise Invalid(_("Choose an incident of the same contract."), field="ticket")
    told_by = {"pattern": pattern, "by": actor, "at": now}
    Occurrence.objects.update_or_create(tenant_id=ticket.tenant_id, ticket=ticket, defaults=told_by)
    touch({pattern.pk: ticket.received_at})
    say(ticket, actor, now, "ticket.joined_pattern", pattern)
    return ticket


def say(ticket: Ticket, actor: Membership, now: datetime, verb: str, pattern: Pattern) -> None:
    audit.record(
        actor=actor, verb=verb, subject=ticket, at=now, pattern=pattern.title, of=pattern.public_id
    )


def standing(occurrences):
    """Keep the occurrences that count: a report that was cancelled or merged is none."""
    return occurrences.exclude(ticket__status="cancelled")


def received(patterns: Iterable[int]):
    """Return (pattern, when received) of every incident of the patterns, the oldest first."""
    rows = standing(Occurrence.objects.filter(pattern__in=list(patterns)))
    return rows.order_by("ticket__received_at").values_list("pattern_id", "ticket__received_at")
