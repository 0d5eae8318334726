"""What the requests of tickets say: one body a step, each the arguments of its command."""

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from contracts.domain.scope import Facts
from contracts.domain.terms import Cause
from contracts.domain.vocabulary import Language, Place
from contracts.services.bought_hours import MOST_PRICE
from tenants.api.serializers import Body
from tenants.models import Membership
from tickets.delivery_forms import MOST_DOCUMENTS
from tickets.models import LinkKind, Ticket
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

MOST_TEXT, MOST_REASON = 20_000, 200
MOST_ANSWERS = 50
TOLD = [Channel.API, Channel.FORM, Channel.PHONE, Channel.EMAIL]
FIXES = ("none_needed", "delivered")


def text(most: int = MOST_TEXT, **kwargs: Any) -> serializers.CharField:
    return serializers.CharField(max_length=most, **kwargs)


def optional_text(most: int = MOST_TEXT, **kwargs: Any) -> serializers.CharField:
    return text(most, required=False, allow_blank=True, default="", **kwargs)


def choice(choices: Any, **kwargs: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=choices, **kwargs)


def level(**kwargs: Any) -> serializers.ChoiceField:
    return choice(Level.choices, help_text="1 is the highest.", **kwargs)


def money(**kwargs: Any) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=0,
        max_value=MOST_PRICE,
        help_text="Minor units of the contract's currency.",
        **kwargs,
    )


class MemberField(serializers.CharField):
    """A person of the ticket's client or of its vendor's team, by the id of their desk there."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=16, **kwargs)

    def to_internal_value(self, data: Any) -> Membership:
        public_id = super().to_internal_value(data)
        people = Membership.objects.active().select_related("user")
        tenant_id = self.context["tenant_id"]
        member = people.filter(tenant_id=tenant_id, public_id=public_id).first()
        if member is None:
            raise ValidationError(
                [ErrorDetail(_("There is no such person here."), "does_not_exist")]
            )
        return member


class AnswersField(serializers.DictField):
    """Answers to the contract's questions by their index: `{"0": false, "1": true}`."""

    child = serializers.BooleanField()

    def to_internal_value(self, data: Any) -> dict[int, bool]:
        told = super().to_internal_value(data)
        if len(told) > MOST_ANSWERS:
            raise ValidationError(_("There are %d answers at most.") % MOST_ANSWERS)
        if not all(key.isascii() and key.isdecimal() and len(key) <= 3 for key in told):
            raise ValidationError(_('Name each question by its index, as in {"0": true}.'))
        return {int(key): value for key, value in told.items()}


class FactFields(Body):
    """What is known of the work; leave out what is not."""

    answers = AnswersField(required=False)
    activity = choice(Activity.choices, required=False)
    cause = choice([cause.value for cause in Cause], required=False)
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


class ResolveBody(Body):
    resolution = text()
    fix = choice(FIXES, default=FIXES[0])
    fix_reason = optional_text(MOST_REASON)
    no_release = optional_text(MOST_REASON, help_text="Of maintenance that ends without a release.")


class ReleaseBody(Body):
    """What was released and fixes the ticket; resolving it names this release."""

    kind = choice(ReleaseKind.choices)
    name = text(120)
    released_at = serializers.DateTimeField()
    summary = optional_text(5000)
    documents = serializers.ListField(child=text(200), required=False, max_length=MOST_DOCUMENTS)


class OtherTicketField(serializers.CharField):
    """Another ticket of the same client, by its key."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, **kwargs)

    def to_internal_value(self, data: Any) -> Ticket:
        key = super().to_internal_value(data)
        found = self.context["tickets"].filter(key=key).first()
        if found is None:
            raise ValidationError(
                [ErrorDetail(_("There is no such ticket here."), "does_not_exist")]
            )
        return found


class LinkBody(Body):
    other = OtherTicketField()
    kind = choice([k for k in LinkKind.choices if k[0] != LinkKind.DUPLICATE_OF])


class MergeBody(Body):
    into = OtherTicketField(help_text="The ticket that goes on.")


class VerdictBody(Body):
    outcome = choice([o for o in Outcome.choices if o[0] != Outcome.UNDECIDED])
    reason = text(5000, help_text="The client reads this.")
    clause_id = optional_text(20)
    pool = optional_text(60)
    cap = money(required=False, allow_null=True)


class RulingBody(VerdictBody):
    ruling = choice([UPHOLD, CHANGE])
    outcome = choice([o for o in Outcome.choices if o[0] != Outcome.UNDECIDED], required=False)


class EmergencyBody(Body):
    told_at = serializers.DateTimeField(
        allow_null=True, help_text="When the service owner was told; null: nobody was."
    )
    told = MemberField(required=False, help_text="Who was told; else the service owner on duty.")


class RetroEstimateBody(Body):
    amount = money()
    text = text()
