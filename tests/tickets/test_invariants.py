"""
What is always true of a ticket (design.md section 14), whatever its people do in whatever order.

A walk takes random commands at random moments, some of them with a time read before the last
command wrote. After every step the truths hold and every clock says what its ledger says.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import pytest
from django.db.models import F, Sum

from contracts.domain.scope import Facts
from contracts.models import Period
from contracts.services import close_period
from tenants.errors import Refused
from tenants.models import AuditEvent
from tests.tickets.factories import TEN, Client
from tickets import services
from tickets.domain.lifecycle import RoleNotAllowed, TransitionNotAllowed
from tickets.models import (
    Decision,
    Dispute,
    Emergency,
    Handoff,
    LedgerEntry,
    Obligation,
    Settlement,
    Stage,
    Ticket,
    TimeEntry,
)
from tickets.services.sweep import sweep_emergencies, sweep_misses
from tickets.services.verify import SWEPT_BY_NOW, differences, load

pytestmark = pytest.mark.allow_n_plus_one
STEPS = 45
PAUSES = [
    timedelta(),
    timedelta(seconds=1),
    timedelta(minutes=7),
    timedelta(hours=3),
    timedelta(days=4),
]
FOR_EVER = (Decision, LedgerEntry, AuditEvent, TimeEntry, Settlement)
OUTCOMES = ["included", "pool", "preapproved", "estimate", "not_provided"]
ANSWERS = (Refused, TransitionNotAllowed, RoleNotAllowed)


class Walk:
    """One client's day, told by a die."""

    def __init__(self, client: Client, seed: int) -> None:
        self.client, self.die = client, Random(seed)
        self.now = self.swept_at = TEN
        self.minutes = self.taken = 0
        self.misses: dict[int, datetime] = {}
        self.rows: dict[type, list] = {model: [] for model in FOR_EVER}
        self.steps: list[Callable[[], object]] = [
            *(getattr(self, name) for name in dir(self) if name.startswith("do_"))
        ]
        self.do_open()

    def step(self) -> None:
        self.now += self.die.choice(PAUSES)
        try:
            self.die.choice(self.steps)()
            self.taken += 1
        except ANSWERS:
            pass  # a refusal is an answer, and the truths hold after it too
        self.check()

    @property
    def ticket(self) -> Ticket:
        return self.die.choice(list(Ticket.objects.order_by("pk")))

    @property
    def moment(self) -> datetime:
        """Return the time as one reads it who then waits for another command to end."""
        return self.now - self.die.choice([timedelta(), timedelta(), timedelta(seconds=2)])

    @property
    def agent(self):
        desks = ("service_desk", "operations_engineer", "maintenance_engineer", "bridge_se")
        return self.client.people[self.die.choice(desks)]

    def run(self, command: Callable, **given) -> None:
        command(ticket=self.ticket, actor=self.agent, now=self.moment, **given)

    # --- what people do ---

    def do_open(self) -> None:
        activities = ["incident_response", "service_desk", "perfective", "adaptive", "routine_task"]
        activities += ["security_operation"]  # which no clause decides
        self.client.open(
            at=self.now,
            system=self.die.choice(["shop", "shop", "office"]),
            actor=self.die.choice([self.client.requester, self.client.service_desk]),
            impact=self.die.randint(1, 3),
            urgency=self.die.randint(1, 3),
            type=self.die.choice(["incident", "incident", "change_request"]),
            facts=Facts(activity=self.die.choice([None, *activities]), effort_minutes=60),
        )

    def do_start(self) -> None:
        self.run(services.start_work)

    def do_comment(self) -> None:
        self.run(services.comment, body="Still at it.")

    def do_assign(self) -> None:
        self.run(services.assign, owner=self.agent)

    def do_pause(self) -> None:
        self.run(services.pause_ticket, cause="client_information", reason="Which one?")

    def do_resume(self) -> None:
        self.run(services.resume_ticket)

    def do_restore(self) -> None:
        self.run(services.restore_service)

    def do_confirm(self) -> None:
        activity = self.die.choice(["incident_response", "corrective", "adaptive", "routine_task"])
        change = self.die.choice([{"impact": self.die.randint(1, 3)}, {"activity": activity}, {}])
        self.run(services.confirm_facts, changes=change)

    def do_offer(self) -> None:
        self.run(services.offer_handoff, evidence={"symptom": "Hangs."})

    def do_accept(self) -> None:
        for handoff in Handoff.objects.filter(state="offered"):
            services.accept_handoff(handoff=handoff, actor=self.agent, now=self.moment)

    def do_dispute(self) -> None:
        for handoff in Handoff.objects.filter(state="offered"):
            services.dispute_handoff(
                handoff=handoff, actor=self.agent, reason="Not ours.", now=self.moment
            )

    def do_log_time(self) -> None:
        minutes = self.die.randint(1, 90)
        starts_at = self.now - timedelta(minutes=minutes)
        services.log_time(
            ticket=self.ticket,
            actor=self.agent,
            starts_at=starts_at,
            ends_at=self.now,
            now=self.now,
        )
        self.minutes += minutes

    def do_resolve(self) -> None:
        fix = self.die.choice(["delivered", "none_needed"])
        self.run(services.resolve_ticket, resolution="Done.", fix=fix, fix_reason="No fault found.")

    def do_close(self) -> None:
        self.run(services.close_ticket)

    def do_cancel(self) -> None:
        if self.die.random() < 0.3:
            self.run(services.cancel_ticket, reason="Not needed.")

    def do_reopen(self) -> None:
        self.run(services.reopen_ticket, reason="Again.")

    def verdict(self) -> dict[str, object]:
        clause_id = self.die.choice(["", "S2", "S5", "S6"])
        outcome = self.die.choice(OUTCOMES)
        return {"outcome": outcome, "clause_id": clause_id, "pool": "support", "cap": 30000}

    def do_override(self) -> None:
        self.run(services.override_verdict, reason="As agreed.", **self.verdict())

    def do_rule(self) -> None:
        services.rule_undecided(
            ticket=self.ticket,
            actor=self.client.account_manager,
            reason="It is like the one before.",
            now=self.moment,
            **self.verdict(),
        )

    def do_open_dispute(self) -> None:
        actor = self.die.choice([self.client.requester, self.client.service_owner])
        services.open_dispute(ticket=self.ticket, actor=actor, reason="No.", now=self.moment)

    def do_answer_dispute(self) -> None:
        for dispute in Dispute.objects.waiting():
            services.answer_dispute(
                dispute=dispute,
                actor=self.client.account_manager,
                ruling=self.die.choice(["uphold", "change"]),
                reason="We looked again.",
                now=self.moment,
                **self.verdict(),
            )

    def do_agree(self) -> None:
        for dispute in Dispute.objects.open():
            owner = self.client.service_owner
            services.agree_to_ruling(dispute=dispute, actor=owner, now=self.moment)

    def do_declare(self) -> None:
        told_at = self.die.choice([None, self.now, self.now])
        services.declare_emergency(
            ticket=self.ticket, actor=self.agent, told_at=told_at, now=self.now
        )

    def do_send_estimate(self) -> None:
        self.run(services.send_retro_estimate, amount=1000, text="An hour.")

    def do_sweep(self) -> None:
        sweep_misses(self.now)
        sweep_emergencies(self.now)
        self.swept_at = self.now

    def do_close_month(self) -> None:
        if month := Period.objects.filter(state="open").order_by("month").first():
            close_period(period=month, actor=None, now=self.now)

    # --- what is always true ---

    def check(self) -> None:
        check_owners()
        check_decisions()
        check_money()
        check_disputes()
        self.check_misses()
        self.check_rows()
        self.check_clocks()
        assert (TimeEntry.objects.aggregate(sum=Sum("minutes"))["sum"] or 0) == self.minutes

    def check_misses(self) -> None:
        missed = Obligation.objects.exclude(missed_at=None).values_list("pk", "missed_at", "state")
        now_known = {pk: missed_at for pk, missed_at, state in missed if state == "missed"}
        assert self.misses.items() <= now_known.items()
        self.misses = now_known

    def check_rows(self) -> None:
        for model, before in self.rows.items():
            rows = list(model.objects.order_by("pk").values())
            assert rows[: len(before)] == before
            self.rows[model] = rows

    def check_clocks(self) -> None:
        rows = load(list(Obligation.objects.values_list("pk", flat=True)))
        wrong = [d for row in rows for d in differences(row, self.swept_at + SWEPT_BY_NOW)]
        assert not wrong, "\n".join(map(str, wrong))
        for ticket in Ticket.objects.all():
            due = [r.due_at for r in rows if r.ticket_id == ticket.pk and not r.stopped_at]
            soonest = min((at for at in due if at), default=None)
            assert ticket.next_due_at == soonest, ticket
            run = {r.kind for r in rows if r.ticket_id == ticket.pk and not r.stopped_at}
            assert ticket.is_open or run <= {"ruling"}


def check_owners() -> None:
    """Every open ticket has one open stage, the one it names, with a tier and an owner on the team."""
    for ticket in Ticket.objects.select_related("stage__owner"):
        open_stages = list(Stage.objects.filter(ticket=ticket, ended_at=None))
        if ticket.status in ("closed", "cancelled"):
            assert not open_stages
        else:
            assert open_stages == [ticket.stage]
            assert ticket.stage.owner.is_active
        clients = ticket.stage.activity == "routine_task"
        assert ticket.stage.owner.is_vendor is not clients


def check_decisions() -> None:
    """Every stage carries its latest decision, which names its clause or says undecided."""
    for stage in Stage.objects.select_related("decision"):
        latest = Decision.objects.filter(stage=stage).last()
        assert stage.decision == latest
        assert latest.clause_id or latest.outcome == "undecided"
    assert not Stage.objects.exclude(decision__facts=F("facts")).exists()


def check_money() -> None:
    """What may be charged has its authority; what changed since changed in the client's favour."""
    behind = {
        "included": {"included", "goodwill"},
        "pool": {"pool"},
        "preapproved": {"preapproved"},
    }
    spent: dict[int, int] = defaultdict(int)
    for entry in TimeEntry.objects.select_related("decision"):
        decision = entry.decision
        if entry.authority == "emergency":
            told = Emergency.objects.get(ticket=entry.ticket_id)
            assert told.owner_told_at is not None
            assert decision.outcome in ("estimate", "not_provided")
            spent[entry.ticket_id] += entry.minutes
        elif entry.authority != "held" and entry.authority_key != "emergency":
            assert entry.authority in behind[decision.outcome]
            assert (entry.authority == "goodwill") == bool(decision.verdict.get("goodwill"))
    assert all(minutes <= 240 for minutes in spent.values())
    for settled in Settlement.objects.select_related("entry", "decision"):
        assert settled.entry.authority not in ("included", "goodwill")
        assert settled.decision is None or settled.decision.outcome == "included"
    late = Emergency.objects.exclude(lapsed_at=None).values("ticket")
    billable = TimeEntry.objects.filter(authority="emergency", settlements=None)
    assert not billable.filter(ticket__in=late).exists()


def check_disputes() -> None:
    """A dispute that waits has its clock or its miss, one that binds a ruling, each by another."""
    for dispute in Dispute.objects.select_related("opened_by", "ruled_by", "agreed_by", "ruling"):
        if dispute.ruled_at is None:
            running = Obligation.objects.running().filter(ticket=dispute.ticket_id, kind="ruling")
            assert running.count() == 1
        else:
            assert dispute.ruling.kind == "ruling"
            assert dispute.ruled_by.role != dispute.opened_by.role
        if dispute.agreed_at is not None:
            assert dispute.agreed_by.role == "service_owner"


@pytest.mark.parametrize("seed", range(5))
def test_the_truths_hold_on_a_random_walk(client, seed):
    walk = Walk(client, seed)

    for _ in range(STEPS):
        walk.step()

    assert walk.taken > STEPS / 4


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(100, 120))
def test_the_truths_hold_on_longer_walks(client, seed):
    walk = Walk(client, seed)

    for _ in range(2 * STEPS):
        walk.step()
