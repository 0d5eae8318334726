"""What the requests of tickets say: one body a step, each the arguments of its command."""

from typing import Any

from django.utils.translation import get_language
from rest_framework import serializers

from contracts.domain.scope import Facts
from contracts.domain.terms import Cause
from contracts.domain.vocabulary import Language, Place
from tenants.api.serializers import Body
from tickets.api.fields import (
    MOST_REASON,
    AnswersField,
    MemberField,
    OtherTicketField,
    PatternField,
    ReleaseField,
    choice,
    level,
    money,
    optional_text,
    text,
)
from tickets.delivery_forms import MOST_DOCUMENTS
from tickets.domain.lifecycle import Action
from tickets.models import LinkKind
from tickets.models.choices import (
    Activity,
    Channel,
    Lane,
    Level,
    Outcome,
    PauseCause,
    TicketType,
)
from tickets.models.release import ReleaseKind
from tickets.services.disputes import CHANGE, UPHOLD
from tickets.step_forms import MOST_EFFORT

TOLD = [Channel.API, Channel.FORM, Channel.PHONE, Channel.EMAIL]
CAUSES = [cause.value for cause in Cause]
DECIDED = [outcome for outcome in Outcome.values if outcome != Outcome.UNDECIDED]
FIXES = ("none_needed", "delivered")


class FactFields(Body):
    """What is known of the work; leave out what is not."""

    answers = AnswersField(required=False)
    activity = choice(Activity.choices, required=False)
    cause = choice(CAUSES, required=False)
    effort_minutes = serializers.IntegerField(
        required=False, min_value=0, max_value=MOST_EFFORT * 60
    )
    warranty = serializers.BooleanField(required=False)


FACTS = ("answers", "activity", "cause", "effort_minutes", "warranty")


class NewTicketBody(FactFields):
    contract = text(16, help_text="Its id.")
    type = choice(TicketType.choices)
    title = text(200)
    description = optional_text()
    system = text(60)
    environment = text(60)
    symptom = optional_text(200)
    impact = level(default=Level.MEDIUM)
    urgency = level(default=Level.MEDIUM)
    requester = text(16, required=False, help_text="Vendor's desks: the client's person who asked.")
    channel = choice(TOLD, required=False, help_text="Vendor's desks: how they asked.")
    received_at = serializers.DateTimeField(
        required=False, help_text="Vendor's desks: when they asked; never in the future."
    )
    follows = OtherTicketField(required=False, help_text="The key of a ticket that ended.")
    received_reason = optional_text(
        MOST_REASON, help_text="Vendor's desks: why it is written down only now."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        told = {name: attrs.pop(name) for name in FACTS if name in attrs}
        return {**attrs, "facts": Facts(**told)}


class FactsBody(FactFields):
    system = text(60, required=False)
    environment = text(60, required=False)
    impact = level(required=False)
    urgency = level(required=False)
    reason = optional_text(MOST_REASON)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"reason": attrs.pop("reason"), "changes": dict(attrs)}


class CommentBody(Body):
    body = text()
    lane = choice(Lane.choices, default=Lane.PUBLIC)
    language = choice([language.value for language in Language], required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"language": get_language() or "en", **attrs}


class AssignBody(Body):
    owner = MemberField()
    team = optional_text(60)
    reason = optional_text(MOST_REASON)


class PauseBody(Body):
    cause = choice(PauseCause.choices, help_text="Only what the client causes stops a clock.")
    reason = text(MOST_REASON, help_text="The client reads this.")


class RestoreBody(Body):
    note = optional_text(MOST_REASON)


class EvidenceBody(Body):
    symptom = text(5000)
    workaround = optional_text(5000)
    logs = optional_text()
    impact = optional_text(5000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"evidence": dict(attrs)}


class AcceptHandoffBody(Body):
    activity = choice(Activity.choices, required=False)


class ReasonBody(Body):
    reason = text(MOST_REASON)


class DisputeBody(Body):
    reason = text(5000)


class TimeBody(Body):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    note = optional_text(MOST_REASON)
    triage = serializers.BooleanField(default=False)
    place = choice([place.value for place in Place], default=Place.ONSHORE.value)
    person = MemberField(required=False)


class CorrectionBody(Body):
    """What stands for an entry; without the two instants it was no work on this ticket."""

    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField(required=False)
    note = text(MOST_REASON, required=False, allow_blank=True)
    triage = serializers.BooleanField(required=False)
    reason = text(MOST_REASON, help_text="What was wrong; the client's service owner reads this.")


class StopTimerBody(Body):
    ended_at = serializers.DateTimeField(
        required=False, help_text="Of a timer that ran for over 12 hours: when the work ended."
    )
    note = optional_text(MOST_REASON)
    triage = serializers.BooleanField(default=False)


class TranslationBody(Body):
    language = choice([language.value for language in Language])
    body = text(5000)


class ResolveBody(Body):
    resolution = text()
    fix = choice(FIXES, default=FIXES[0])
    fix_reason = optional_text(MOST_REASON)
    release = ReleaseField(required=False, help_text="The release with which maintenance ends.")
    no_release = optional_text(MOST_REASON, help_text="Of maintenance that ends without a release.")


class ReleaseBody(Body):
    """What was released and fixes the ticket; resolving it names this release."""

    kind = choice(ReleaseKind.choices)
    name = text(120)
    released_at = serializers.DateTimeField()
    summary = optional_text(5000)
    documents = serializers.ListField(child=text(200), required=False, max_length=MOST_DOCUMENTS)


class LinkBody(Body):
    other = OtherTicketField()
    kind = choice([k for k in LinkKind.choices if k[0] != LinkKind.DUPLICATE_OF])


class MergeBody(Body):
    into = OtherTicketField(help_text="The ticket that goes on.")


class VerdictBody(Body):
    outcome = choice(DECIDED)
    reason = text(5000, help_text="The client reads this.")
    clause_id = optional_text(20)
    pool = optional_text(60)
    cap = money(required=False, allow_null=True)


class RulingBody(VerdictBody):
    ruling = choice([UPHOLD, CHANGE])
    outcome = choice(DECIDED, required=False)


class EmergencyBody(Body):
    told_at = serializers.DateTimeField(
        allow_null=True, help_text="When the service owner was told; null: nobody was."
    )
    told = MemberField(required=False, help_text="Who was told; else the service owner on duty.")


class RetroEstimateBody(Body):
    amount = money()
    text = text()


class ProblemBody(Body):
    root_cause = optional_text()
    workaround = optional_text()
    known_error = serializers.BooleanField(required=False, default=False)


class JoinBody(Body):
    pattern = PatternField(help_text="Its id.")


BODIES: dict[Action, type[Body]] = {  # of the steps that ask for something
    Action.COMMENT: CommentBody,
    Action.CONFIRM_FACTS: FactsBody,
    Action.ASSIGN: AssignBody,
    Action.PAUSE: PauseBody,
    Action.RESTORE: RestoreBody,
    Action.OFFER_HANDOFF: EvidenceBody,
    Action.ACCEPT_HANDOFF: AcceptHandoffBody,
    Action.DISPUTE_HANDOFF: DisputeBody,
    Action.LOG_TIME: TimeBody,
    Action.RESOLVE: ResolveBody,
    Action.REOPEN: ReasonBody,
    Action.CANCEL: ReasonBody,
    Action.OVERRIDE_VERDICT: VerdictBody,
    Action.RULE_UNDECIDED: VerdictBody,
    Action.DISPUTE_VERDICT: DisputeBody,
    Action.ANSWER_DISPUTE: RulingBody,
    Action.DECLARE_EMERGENCY: EmergencyBody,
    Action.SEND_RETRO_ESTIMATE: RetroEstimateBody,
    Action.RECORD_RELEASE: ReleaseBody,
    Action.LINK: LinkBody,
    Action.MERGE: MergeBody,
}
