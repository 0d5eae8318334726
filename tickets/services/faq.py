"""The service desk's FAQ: written once a client, found by its words, answering tickets in one step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership
from tenants.scoping import tenant_scope
from tenants.services import audit
from tickets.domain.lifecycle import AGENTS
from tickets.domain.wording import found_in, needles, searchable
from tickets.models import FaqEntry, FaqText, FaqUse, Ticket
from tickets.models.choices import Status, TicketType
from tickets.models.faq import FaqStatus, FaqUseKind
from tickets.models.ticket import OPEN_STATUSES
from tickets.services.conversation import comment
from tickets.services.guard import command
from tickets.services.progress import resume_ticket, start_work
from tickets.services.resolution import resolve_ticket

LANGUAGES = ("ja", "en", "vi")
MOST_TITLE, MOST_ANSWER = 200, 20_000
MOST_SEARCHED = 1_000  # published texts of the clients on screen, the last changed
ENOUGH = 0.34  # how much of the search an entry holds
MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Text:
    """A question and its answer in one language."""

    title: str
    answer: str


@command
def save_faq(
    *,
    actor: Membership,
    now: datetime,
    texts: Mapping[str, Text],
    system: str = "",
    entry: FaqEntry | None = None,
) -> FaqEntry:
    """
    Write an entry, or change one; a language that `texts` leaves out is taken out.

    :raises NotPermitted: to anybody outside the vendor's team of the client.
    :raises Invalid: if no language is told, or a question has no answer.
    """
    check_agent(actor, entry)
    told = {code: text for code, text in texts.items() if text.title.strip() or text.answer.strip()}
    if not told or told.keys() - set(LANGUAGES):
        raise Invalid(_("Write the question and its answer in one language at least."))
    for code, text in told.items():
        if not (0 < len(text.title.strip()) <= MOST_TITLE):
            raise Invalid(_("Ask the question in at most 200 characters."), field=f"title_{code}")
        if not (0 < len(text.answer.strip()) <= MOST_ANSWER):
            raise Invalid(_("Write the answer too."), field=f"answer_{code}")
    with tenant_scope(actor.tenant_id):
        if entry is None:
            entry = FaqEntry.objects.create(
                tenant_id=actor.tenant_id, system=system, changed_by=actor, changed_at=now
            )
            verb = "faq.written"
        else:
            entry = FaqEntry.objects.select_for_update().get(pk=entry.pk)
            entry.system, entry.changed_by, entry.changed_at = system, actor, now
            entry.save(update_fields=["system", "changed_by", "changed_at"])
            verb = "faq.changed"
        entry.texts.exclude(language__in=told).delete()
        for code, text in told.items():
            words = {"title": text.title.strip(), "answer": text.answer.strip()}
            FaqText.objects.update_or_create(
                tenant_id=actor.tenant_id,
                entry=entry,
                language=code,
                defaults=words | {"searched": searchable(f"{words['title']}\n{words['answer']}")},
            )
        titles = {code: text.title.strip() for code, text in told.items()}
        audit.record(actor=actor, verb=verb, subject=entry, at=now, titles=titles)
    return entry


@command
def set_faq_status(*, entry: FaqEntry, actor: Membership, status: str, now: datetime) -> FaqEntry:
    """
    Publish an entry, or take it off the page; what it answered stays counted.

    :raises Invalid: if there is no such status.
    """
    check_agent(actor, entry)
    if status not in FaqStatus.values:
        raise Invalid(_("Choose draft, published or retired."), field="status")
    entry = FaqEntry.objects.select_for_update().get(pk=entry.pk)
    before, entry.status = entry.status, status
    entry.changed_by, entry.changed_at = actor, now
    entry.save(update_fields=["status", "changed_by", "changed_at"])
    audit.record(
        actor=actor, verb="faq.status_set", subject=entry, at=now, before=before, status=status
    )
    return entry


def check_agent(actor: Membership, entry: FaqEntry | None) -> None:
    if actor.role not in AGENTS or (entry is not None and entry.tenant_id != actor.tenant_id):
        raise NotPermitted(_("Only the vendor's team of this client writes its FAQ."))


@command
def answer_from_faq(
    *,
    ticket: Ticket,
    entry: FaqEntry,
    actor: Membership,
    now: datetime,
    language: str = "",
    resolve: bool = True,
) -> Ticket:
    """
    Answer a ticket with an entry, in the requester's language where it has it, and resolve it.

    :raises Refused: if the entry is not published, or answered this ticket before.
    """
    if actor.tenant_id != ticket.tenant_id or actor.role not in AGENTS:
        raise NotPermitted(_("Only the vendor's team of this client answers from its FAQ."))
    entry = FaqEntry.objects.prefetch_related("texts").get(pk=entry.pk)
    if entry.status != FaqStatus.PUBLISHED or entry.tenant_id != ticket.tenant_id:
        raise Refused(_("Publish the entry before you answer with it."))
    if FaqUse.objects.filter(entry=entry, ticket=ticket).exists():
        raise Refused(_("This entry answered the ticket before."))
    asks = ticket.requester.user.language
    text = entry.text_in(*filter(None, (language, asks, ticket.tenant.language)))
    said = f"{text.title}\n\n{text.answer}"
    if resolve:
        if ticket.status == Status.NEW:
            ticket = start_work(ticket=ticket, actor=actor, now=now)
        elif ticket.status == Status.ON_HOLD:
            ticket = resume_ticket(ticket=ticket, actor=actor, now=now)
        ticket = resolve_ticket(
            ticket=ticket, actor=actor, resolution=said, now=now,
            fix_reason=_("The question is answered by the FAQ."),
        )  # fmt: skip
    else:
        ticket = comment(ticket=ticket, actor=actor, body=said, now=now, language=text.language)
    FaqUse.objects.create(
        tenant_id=ticket.tenant_id, entry=entry, kind=FaqUseKind.ANSWERED, ticket=ticket,
        by=actor, at=now, on=day_of(now),
    )  # fmt: skip
    audit.record(
        actor=actor, verb="ticket.answered_from_faq", subject=ticket, at=now,
        entry=entry.public_id, title=text.title,
    )  # fmt: skip
    return ticket


@command
def answer_many(
    *, tickets: Sequence[Ticket], entry: FaqEntry, actor: Membership, now: datetime
) -> int:
    """
    Answer several tickets with one entry: all of them, or where one may not be, none.

    :raises Invalid: if there are none, or too many at once.
    """
    if not 0 < len(tickets) <= MOST_AT_ONCE:
        raise Invalid(_("Choose 1 to %d tickets.") % MOST_AT_ONCE, field="tickets")
    for ticket in sorted(tickets, key=lambda each: each.pk):
        answer_from_faq(ticket=ticket, entry=entry, actor=actor, now=now)
    return len(tickets)


@command
def answered_me(*, entry: FaqEntry, actor: Membership, now: datetime) -> FaqUse | None:
    """
    Count that an entry answered somebody of the client who then opened no ticket, once a day.

    :raises Refused: if the entry is not published.
    """
    if actor.tenant_id != entry.tenant_id or actor.is_vendor:
        raise NotPermitted(_("Only the client's people say that an answer was enough."))
    if entry.status != FaqStatus.PUBLISHED:
        raise Refused(_("This answer is not on the page any more."))
    use, made = FaqUse.objects.get_or_create(
        tenant_id=entry.tenant_id, entry=entry, kind=FaqUseKind.DEFLECTED, by=actor, on=day_of(now),
        defaults={"at": now},
    )  # fmt: skip
    if made:
        audit.record(actor=actor, verb="faq.answered_somebody", subject=entry, at=now)
    return use if made else None


def day_of(now: datetime) -> date:
    return now.date()


# --- finding ---


@dataclass(frozen=True, slots=True)
class Hit:
    entry: FaqEntry
    text: FaqText
    score: float


def search_faq(
    query: str, *, tenants: Iterable[int], languages: Sequence[str] = (), most: int = 20
) -> list[Hit]:
    """
    Return the published entries that hold most of the words looked for, best first, in two queries.

    One entry is one hit, in the language where it says most of it; of equals in `languages`.
    """
    if not (wanted := needles(query[:500])):
        return []
    rows = FaqText.objects.filter(entry__status=FaqStatus.PUBLISHED, entry__tenant__in=tenants)
    rows = rows.order_by("-entry__changed_at", "-pk").values_list(
        "pk", "entry_id", "language", "searched"
    )
    best: dict[int, tuple[float, int, int]] = {}
    rank = {code: len(languages) - place for place, code in enumerate(languages)}
    for pk, entry_id, language, searched in rows[:MOST_SEARCHED]:
        score = found_in(searched, wanted)
        if score >= ENOUGH:
            found = (score, rank.get(language, 0), pk)
            best[entry_id] = max(best.get(entry_id, found), found)
    chosen = sorted(best.values(), reverse=True)[:most]
    texts = FaqText.objects.select_related("entry__tenant").in_bulk([pk for *_rest, pk in chosen])
    return [Hit(texts[pk].entry, texts[pk], score) for score, _rank, pk in chosen]


def asked_alike(entry: FaqEntry, most: int = 20) -> list[Ticket]:
    """Return the open questions of the client that an entry seems to answer, oldest first."""
    texts = [text.searched for text in entry.texts.all()]
    rows = Ticket.objects.filter(
        tenant_id=entry.tenant_id, status__in=OPEN_STATUSES, type=TicketType.SERVICE_REQUEST
    ).exclude(faq_uses__entry=entry)
    found = []
    for ticket in rows.order_by("received_at", "pk")[:500]:
        wanted = needles(ticket.title)
        if any(found_in(text, wanted) >= ENOUGH for text in texts):
            found.append(ticket)
    return found[:most]


def saved_since(tenants: Iterable[int], since: datetime) -> dict[str, int]:
    """Return how many tickets the FAQ answered since then, and how many were never opened."""
    rows = FaqUse.objects.filter(tenant__in=tenants, at__gte=since)
    return rows.aggregate(
        answered=Count("pk", filter=Q(kind=FaqUseKind.ANSWERED)),
        deflected=Count("pk", filter=Q(kind=FaqUseKind.DEFLECTED)),
    )
