"""
Replays an incident log through the portal's own commands, at the log's own times.

What the log does not say is settled by the rules below; each is counted in the summary. One
incident is one transaction, and an incident that is there already is left alone.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction

from contracts.domain.scope import Facts
from contracts.models import Contract
from contracts.rules import Rules, rules_of
from contracts.services import version_in_force
from tenants.models import Membership
from tickets import services
from tickets.domain.incident_log import Incident, Log, Step, StepKind
from tickets.models import Handoff, Ticket
from tickets.models.choices import Channel, PauseCause, TicketType, WorkStream
from tickets.services.guard import stage_of, story
from tickets.services.log_people import LogPeople

SOURCE = "servicenow"
NO_CATEGORY = "Not categorised"
RULES: dict[str, str] = {
    "category_names_the_system": "A category always falls on the same system of the contract.",
    "low_priority_is_a_question": "P4 is a question to the service desk; the rest are incidents.",
    "first_group_is_l1": "The first group of an incident works as L1, later ones as L2, after a "
    "problem link as L3.",
    "group_without_a_person": "A group without a named person is owned by its duty person.",
    "first_work_is_the_first_reply": "The log holds no words: the first work is the first reply.",
    "problem_link_offers_a_handoff": "A problem or change link offers the ticket to maintenance; "
    "whoever holds it at the next step accepts.",
    "link_after_resolution_is_noted": "A link written after the resolution moves nothing.",
    "no_problem_needs_no_fix": "Resolved without a problem link: no permanent fix was needed.",
    "no_release_in_the_log": "The log names no release: maintenance ended without one.",
    "assumed_effort": "Effort is assumed: a stretch at a desk took its service time, at least 5 "
    "minutes and at most 30 (L1), 60 (L2) or 120 (L3).",
    "late_reopening_is_kept": "Reopened after the contract's limit: kept as the log has it.",
    "later_than_now_waits": "Steps later than now are left out: the ticket is still open.",
    "opened_before_the_contract": "Opened before the contract began: left out.",
}
CHANNELS = {"Phone": Channel.PHONE, "Email": Channel.EMAIL, "Self service": Channel.FORM}
MOST_EFFORT = {"L1": 30, "L2": 60, "L3": 120}
LEAST_EFFORT = 5


@dataclass(slots=True)
class Imported:
    """What one run did: tickets made and left alone, steps by kind, rules applied."""

    made: int = 0
    left_alone: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)


def import_log(
    *, log: Log, contract: Contract, now: datetime, every: Callable[[], None] = lambda: None
) -> Imported:
    """
    Replay every incident of the log that the contract does not have yet; `every` is called for each.

    :raises Refused: if the client's team has nobody who could own a ticket.
    """
    done = Imported()
    with transaction.atomic():
        imported = Ticket.objects.filter(source=SOURCE)
        known = set(imported.values_list("source_key", flat=True))
        people = LogPeople(contract.tenant)
    for incident in log.incidents:
        if incident.number in known:
            done.left_alone += 1
        elif incident.opened_at > now:
            done.rules["later_than_now_waits"] += 1
        elif contract.local_date(incident.opened_at) < contract.starts_on:
            done.rules["opened_before_the_contract"] += 1
        else:
            with story():
                Story(incident, contract, people, done).tell(now)
            done.made += 1
        every()
    return done


@dataclass(slots=True)
class Stretch:
    """A stretch of work at one desk, from when it was taken until it was passed on."""

    owner: Membership
    tier: str
    began_at: datetime


class Story:
    """One incident on its way through the commands; in a story its ticket is always as it is now."""

    def __init__(
        self, incident: Incident, contract: Contract, people: LogPeople, done: Imported
    ) -> None:
        self.incident, self.contract, self.people, self.done = incident, contract, people, done
        on = contract.local_date(incident.opened_at)
        self.rules: Rules = rules_of(version_in_force(contract, on))
        self.ticket: Ticket
        self.owner: Membership
        self.first_group: str | None = None
        self.stretch: Stretch | None = None
        self.offer: Handoff | None = None
        self.linked = False

    def tell(self, now: datetime) -> None:
        self.open()
        for step in self.incident.steps:
            if step.at > now:
                self.rule("later_than_now_waits")
                break
            self.answer_offer(step)
            getattr(self, f"do_{step.kind.value}")(step)
            self.done.steps[step.kind.value] += 1

    def rule(self, code: str) -> None:
        self.done.rules[code] += 1

    def open(self) -> None:
        incident = self.incident
        first = incident.steps[0] if incident.steps else None
        self.owner = (
            self.people.holder(first.group, first.assignee, "L1")
            if first
            else (self.people.holder(None, None, "L1"))
        )
        priority = incident.priority or "P3"
        activity = "service_desk" if priority == "P4" else "incident_response"
        self.rule("low_priority_is_a_question" if priority == "P4" else "category_names_the_system")
        system = self.system()
        self.ticket = services.open_ticket(
            contract=self.contract,
            actor=self.owner,
            requester=self.people.requester(incident.caller),
            type=TicketType.INCIDENT,
            title=" / ".join(filter(None, [incident.category, incident.subcategory]))
            or NO_CATEGORY,
            symptom=" / ".join(filter(None, [incident.subcategory, incident.symptom])),
            system=system,
            environment=self.environment(system),
            impact=incident.impact or 2,
            urgency=incident.urgency or 2,
            priority=priority,
            received_at=incident.opened_at,
            now=incident.opened_at,
            channel=CHANNELS.get(incident.channel or "", Channel.IMPORT),
            facts=Facts(activity=activity),
            source=SOURCE,
            source_key=incident.number,
        )

    def system(self) -> str:
        """Return the system that the category falls on: the same one in every run."""
        keys = self.rules.terms.system_keys()
        digest = sha256((self.incident.category or "").encode()).digest()
        return keys[int.from_bytes(digest[:4], "big") % len(keys)]

    def environment(self, system: str) -> str:
        names = self.rules.terms.environments_of((system,))
        return "production" if "production" in names else names[0]

    # --- one method a kind of step ---

    def do_start(self, step: Step) -> None:
        services.start_work(ticket=self.ticket, actor=self.owner, now=step.at)
        self.rule("first_work_is_the_first_reply")
        services.comment(
            ticket=self.ticket,
            actor=self.owner,
            body="(Work began; the log holds no words.)",
            now=step.at,
        )
        self.begin_stretch(step.at)

    def do_assign(self, step: Step) -> None:
        tier = self.tier_of(step)
        if step.assignee is None:
            self.rule("group_without_a_person")
        self.log_effort(step.at)
        self.owner = self.people.holder(step.group, step.assignee, tier)
        services.assign(
            ticket=self.ticket,
            actor=self.owner,
            owner=self.owner,
            now=step.at,
            team=step.group or "",
            tier=tier,
        )
        if self.stretch:
            self.begin_stretch(step.at)

    def do_pause(self, step: Step) -> None:
        services.pause_ticket(
            ticket=self.ticket, actor=self.owner, cause=PauseCause.CLIENT_INFORMATION, now=step.at
        )

    def do_resume(self, step: Step) -> None:
        services.resume_ticket(ticket=self.ticket, actor=self.owner, now=step.at)

    def do_prioritise(self, step: Step) -> None:
        told = {"impact": step.impact, "urgency": step.urgency, "priority": step.priority}
        services.confirm_facts(
            ticket=self.ticket,
            actor=self.owner,
            now=step.at,
            changes={name: value for name, value in told.items() if value is not None},
        )

    def do_link_problem(self, step: Step) -> None:
        self.linked = True
        if not self.ticket.is_open:
            self.rule("link_after_resolution_is_noted")
        elif stage_of(self.ticket).stream == WorkStream.OPERATION and self.offer is None:
            self.rule("problem_link_offers_a_handoff")
            evidence = {
                "symptom": self.ticket.symptom or self.ticket.title,
                "logs": ", ".join(filter(None, [step.problem_id, step.rfc])),
            }
            self.offer = services.offer_handoff(
                ticket=self.ticket, actor=self.owner, evidence=evidence, now=step.at
            )

    def do_resolve(self, step: Step) -> None:
        self.log_effort(step.at)
        self.stretch = None
        if not self.linked:
            self.rule("no_problem_needs_no_fix")
        services.resolve_ticket(
            ticket=self.ticket,
            actor=self.owner,
            now=step.at,
            resolution=f"Resolved ({self.incident.closed_code or 'no code in the log'}).",
            fix="delivered" if self.linked else "none_needed",
            fix_reason="" if self.linked else "The log links no problem.",
            no_release=self.no_release(),
        )

    def no_release(self) -> str:
        """Return why maintenance names no release, where it has the ticket."""
        if stage_of(self.ticket).stream != WorkStream.MAINTENANCE:
            return ""
        self.rule("no_release_in_the_log")
        return "The log names no release."

    def do_reopen(self, step: Step) -> None:
        if late := step.at > services.reopen_until(self.ticket):
            self.rule("late_reopening_is_kept")
        services.reopen_ticket(
            ticket=self.ticket,
            actor=self.owner,
            reason="Reopened in the log.",
            now=step.at,
            late=late,
        )
        self.begin_stretch(step.at)

    def do_close(self, step: Step) -> None:
        services.close_ticket(ticket=self.ticket, actor=self.owner, now=step.at)

    # --- what the log implies ---

    def tier_of(self, step: Step) -> str:
        if self.linked:
            return "L3"
        self.first_group = self.first_group or step.group
        return "L1" if step.group in (None, self.first_group) else "L2"

    def answer_offer(self, step: Step) -> None:
        """Let whoever holds the incident at the step after a problem link accept the handoff."""
        if self.offer is None or step.kind == StepKind.LINK_PROBLEM:
            return
        offer, self.offer = self.offer, None
        self.log_effort(step.at)
        self.owner = self.people.holder(step.group, step.assignee, "L3")
        services.accept_handoff(handoff=offer, actor=self.owner, now=step.at, activity="corrective")
        self.begin_stretch(step.at)

    def begin_stretch(self, at: datetime) -> None:
        tier = self.owner.tier if self.owner.tier in MOST_EFFORT else "L1"
        self.stretch = Stretch(self.owner, tier, at)

    def log_effort(self, until: datetime) -> None:
        """Record the assumed effort of the stretch that ends here, at its end."""
        if (stretch := self.stretch) is None or until <= stretch.began_at:
            return
        hours = self.rules.hours["always"]
        took = hours.elapsed(stretch.began_at, until) // timedelta(minutes=1)
        minutes = max(LEAST_EFFORT, min(took, MOST_EFFORT[stretch.tier]))
        self.rule("assumed_effort")
        services.log_time(
            ticket=self.ticket,
            actor=stretch.owner,
            starts_at=until - timedelta(minutes=minutes),
            ends_at=until,
            now=until,
            tier=stretch.tier,
            place="onshore" if stretch.tier == "L1" else "offshore",
            assumed=True,
            note="Assumed by the import's rule.",
        )
