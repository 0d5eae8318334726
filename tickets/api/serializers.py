"""What the answers of tickets hold, for the schema; `tickets.api.shapes` makes them from rows."""

from rest_framework import serializers

from contracts.domain.clock import Event
from contracts.domain.scope import Answer
from tenants.api.serializers import ClientSerializer, PersonSerializer
from tickets.domain.lifecycle import Action
from tickets.models import Decision, LinkKind
from tickets.models.choices import (
    Activity,
    AuthorityKind,
    Channel,
    ClockState,
    HandoffState,
    Lane,
    Level,
    ObligationKind,
    Outcome,
    Priority,
    Status,
    TicketType,
    WorkStream,
)

Text, Instant, Flag = serializers.CharField, serializers.DateTimeField, serializers.BooleanField


def code(choices, **kwargs) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=choices, **kwargs)


class ContractNameSerializer(serializers.Serializer):
    id = Text()
    number = Text()


class StageSerializer(serializers.Serializer):
    stream = code(WorkStream.choices)
    activity = code(Activity.choices, allow_null=True, help_text="null while a question is open.")
    tier = Text(allow_blank=True)
    owner = PersonSerializer()


class VerdictSerializer(serializers.Serializer):
    outcome = code(Outcome.choices)
    clause = Text(allow_null=True, help_text="The id of the clause; null where none decides.")
    pending = Flag(help_text="A question is open.")
    provisional = Flag(help_text="Rests on what the client claims.")


class TicketSerializer(serializers.Serializer):
    """A row of the list."""

    key = Text()
    title = Text()
    type = code(TicketType.choices)
    status = code(Status.choices)
    priority = code(Priority.choices)
    system = Text()
    environment = Text()
    client = ClientSerializer()
    contract = ContractNameSerializer()
    stage = StageSerializer()
    verdict = VerdictSerializer()
    received_at = Instant()
    next_due_at = Instant(allow_null=True, help_text="The soonest deadline now running.")
    restored_at = Instant(allow_null=True)
    resolved_at = Instant(allow_null=True)
    closed_at = Instant(allow_null=True)


class BecauseSerializer(serializers.Serializer):
    code = Text()
    parameters = serializers.DictField(child=serializers.JSONField(allow_null=True))


class PathStepSerializer(serializers.Serializer):
    kind = code(["question", "clause"])
    ref = Text(help_text="The index of the question, or the id of the clause.")
    text = Text(allow_blank=True, help_text="In the language that was asked for.")
    answer = code([answer.value for answer in Answer])
    because = BecauseSerializer()


class QuestionSerializer(serializers.Serializer):
    key = Text(help_text="What to answer: `answers.2`, or a fact such as `cause`.")
    text = Text(allow_blank=True)
    clause = Text(allow_null=True, help_text="The clause that waits for it.")


class DecisionSerializer(VerdictSerializer):
    kind = code(Decision.Kind.choices)
    clause_text = Text(allow_blank=True)
    activity = code(Activity.choices, allow_null=True)
    pool = Text(allow_null=True)
    cap = serializers.IntegerField(
        allow_null=True, help_text="Minor units; null for who does not see money."
    )
    goodwill = Flag()
    question = QuestionSerializer(allow_null=True)
    path = PathStepSerializer(many=True)
    by = PersonSerializer(allow_null=True)
    reason = Text(allow_blank=True)
    at = Instant()


class ClockSerializer(serializers.Serializer):
    kind = code(ObligationKind.choices)
    attempt = serializers.IntegerField()
    state = code(ClockState.choices, help_text="At the moment of the answer.")
    within = Text(allow_blank=True, help_text="4h, 5bd; empty: measured only.")
    hours = Text(allow_blank=True)
    started_at = Instant()
    due_at = Instant(allow_null=True, help_text="null while paused.")
    stopped_at = Instant(allow_null=True)
    missed_at = Instant(allow_null=True)
    used_seconds = serializers.IntegerField()
    paused_seconds = serializers.IntegerField()
    creditable = Flag()
    reclassified = Flag()


class LedgerEntrySerializer(serializers.Serializer):
    event = code([event.value for event in Event])
    at = Instant()
    within = Text(allow_blank=True)
    hours = Text(allow_blank=True)
    cause = Text(allow_blank=True)
    reason = Text(allow_blank=True)
    by = PersonSerializer(allow_null=True)


class ClockWithLedgerSerializer(ClockSerializer):
    ledger = LedgerEntrySerializer(many=True)


class ClocksSerializer(serializers.Serializer):
    results = ClockWithLedgerSerializer(many=True)


class TicketDetailSerializer(TicketSerializer):
    description = Text(allow_blank=True)
    symptom = Text(allow_blank=True)
    impact = code(Level.choices)
    urgency = code(Level.choices)
    channel = code(Channel.choices)
    requester = PersonSerializer()
    registered_at = Instant()
    resolution = Text(allow_blank=True)
    reopened = serializers.IntegerField()
    version = serializers.IntegerField(help_text="Of the contract: in force when it was received.")
    verdict = DecisionSerializer()
    clocks = ClockSerializer(many=True)
    handoff = Text(allow_null=True, help_text="The offer that waits; null for the client.")
    dispute = Text(allow_null=True, help_text="The dispute that is open.")
    actions = serializers.ListField(
        child=code([action.value for action in Action]), help_text="What you may do now."
    )


class CommentSerializer(serializers.Serializer):
    id = Text()
    at = Instant()
    author = PersonSerializer()
    lane = code(Lane.choices)
    language = Text()
    body = Text(allow_blank=True, help_text="Empty where only files were sent.")
    translations = serializers.DictField(
        child=Text(), help_text="By language; beside what was written, never in its place."
    )


class LinkSerializer(serializers.Serializer):
    id = Text()
    kind = code(LinkKind.choices)
    back = Flag(help_text="It is the other ticket that says so of this one.")
    ticket = Text(help_text="The key of the other one.")
    by = PersonSerializer(allow_null=True)
    at = Instant()


class WatcherSerializer(serializers.Serializer):
    person = PersonSerializer()
    since = Instant()


class StageOfTicketSerializer(StageSerializer):
    sequence = serializers.IntegerField()
    began_at = Instant()
    ended_at = Instant(allow_null=True)
    facts = serializers.DictField(child=serializers.JSONField(allow_null=True))


class DecisionOfTicketSerializer(DecisionSerializer):
    stage = serializers.IntegerField(help_text="The sequence of its stage.")


class HandoffSerializer(serializers.Serializer):
    id = Text()
    state = code(HandoffState.choices)
    to_stream = code(WorkStream.choices)
    evidence = serializers.DictField(child=Text(allow_blank=True))
    offered_by = PersonSerializer()
    offered_at = Instant()
    answered_by = PersonSerializer(allow_null=True)
    answered_at = Instant(allow_null=True)
    reason = Text(allow_blank=True)


class DisputeSerializer(serializers.Serializer):
    id = Text()
    state = code(["waiting", "ruled", "agreed"])
    reason = Text()
    opened_by = PersonSerializer()
    opened_at = Instant()
    disputed = VerdictSerializer()
    ruling = VerdictSerializer(allow_null=True)
    ruled_by = PersonSerializer(allow_null=True)
    ruled_at = Instant(allow_null=True)
    agreed_by = PersonSerializer(allow_null=True)
    agreed_at = Instant(allow_null=True)


class TimeEntrySerializer(serializers.Serializer):
    number = serializers.IntegerField(help_text="With it an entry is corrected.")
    starts_at = Instant()
    ends_at = Instant()
    minutes = serializers.IntegerField()
    person = PersonSerializer()
    tier = Text()
    place = Text()
    authority = code(AuthorityKind.choices, help_text="What stood behind it when it was written.")
    settled = code(
        AuthorityKind.choices, allow_null=True, help_text="What a later answer made of it."
    )
    clause = Text(allow_null=True)
    triage = Flag()
    note = Text(allow_blank=True)
    corrected = Text(
        allow_null=True, help_text="What was wrong: it counts as nothing from then on."
    )
    month = serializers.DateField(help_text="The first day of the month that it counts in.")
    adjusts = serializers.DateField(
        allow_null=True, help_text="The closed month that it was worked in."
    )
