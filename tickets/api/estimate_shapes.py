"""What the steps of an estimate ask for, and an estimate as these desks see it."""

from typing import Any

from rest_framework import serializers

from contracts.domain.vocabulary import Language, Place, Tier
from tenants.api.serializers import Body
from tenants.models import Membership
from tickets.api.fields import choice, optional_text, text
from tickets.domain.estimate import SHOWN_TO_CLIENT, EstimateAction, steps_for
from tickets.domain.offer import MOST, MOST_LINES, MOST_MINUTES
from tickets.models import Estimate, EstimateAcceptance
from tickets.models.choices import EstimateStatus, Pricing
from tickets.services.offers import MOST_WORDS


class LineBody(Body):
    """Work of a tier by its minutes, priced at the contract's rate; or words with a fixed amount."""

    text = text(200)
    tier = choice([tier.value for tier in Tier], required=False)
    place = choice([place.value for place in Place], required=False)
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=MOST_MINUTES)
    amount = serializers.IntegerField(required=False, min_value=1, max_value=MOST)


class OfferFields(Body):
    pricing = choice(Pricing.choices, required=False)
    not_to_exceed = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MOST
    )
    assumptions = text(MOST_WORDS, required=False, allow_blank=True)
    exclusions = text(MOST_WORDS, required=False, allow_blank=True)
    date_effect = text(MOST_WORDS, required=False, allow_blank=True)
    delivery_on = serializers.DateField(required=False, allow_null=True)
    language = choice([language.value for language in Language], required=False)


class NewEstimateBody(OfferFields):
    lines = LineBody(many=True, max_length=MOST_LINES)


class EditEstimateBody(OfferFields):
    lines = LineBody(many=True, max_length=MOST_LINES, required=False)


class SeenBody(Body):
    """The revision and the amount that were seen: nothing else is decided on."""

    revision = serializers.IntegerField(min_value=1, max_value=32767)
    amount = serializers.IntegerField(min_value=1, max_value=MOST)


class AcceptBody(SeenBody):
    purchase_order = optional_text(60, help_text="An account manager records the client's order.")


class WhyBody(Body):
    reason = text(2000)


class RefuseBody(SeenBody, WhyBody):
    pass


class SendBody(Body):
    message = optional_text(help_text="A public reply that goes with it.")


class NoteBody(Body):
    note = optional_text(200)


BODIES: dict[EstimateAction, type[Body]] = {  # of the steps that ask for something
    EstimateAction.EDIT: EditEstimateBody,
    EstimateAction.REVISE: EditEstimateBody,
    EstimateAction.APPROVE: SeenBody,
    EstimateAction.REFUSE: RefuseBody,
    EstimateAction.SEND: SendBody,
    EstimateAction.ACCEPT: AcceptBody,
    EstimateAction.DECLINE: RefuseBody,
    EstimateAction.DELIVER: NoteBody,
    EstimateAction.REFUSE_DELIVERY: WhyBody,
    EstimateAction.WITHDRAW: WhyBody,
    EstimateAction.CANCEL: WhyBody,
}


class LineSerializer(serializers.Serializer):
    text = serializers.CharField()
    tier = serializers.CharField(allow_blank=True)
    place = serializers.CharField(allow_blank=True)
    minutes = serializers.IntegerField()
    rate = serializers.IntegerField(allow_null=True, help_text="Minor units an hour.")
    amount = serializers.IntegerField()


class AcceptedSerializer(serializers.Serializer):
    revision = serializers.IntegerField()
    amount = serializers.IntegerField()


class OrderFilesBody(Body):
    """The client's purchase order, as one file or several."""

    files = serializers.ListField(
        child=serializers.FileField(max_length=255), min_length=1, max_length=10
    )


class OrderFileSerializer(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()


class OrderSerializer(serializers.Serializer):
    number = serializers.CharField()
    revision = serializers.IntegerField()
    recorded_at = serializers.DateTimeField()
    files = OrderFileSerializer(many=True)


class EstimateSerializer(serializers.Serializer):
    """Amounts in minor units of the currency, before tax."""

    id = serializers.CharField()
    ticket = serializers.CharField()
    number = serializers.IntegerField()
    status = choice(EstimateStatus.choices)
    revision = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="Of the revision's content.")
    pricing = choice(Pricing.choices)
    currency = serializers.CharField()
    amount = serializers.IntegerField(help_text="The fixed price, or the not-to-exceed.")
    lines = LineSerializer(many=True)
    assumptions = serializers.CharField(allow_blank=True)
    exclusions = serializers.CharField(allow_blank=True)
    date_effect = serializers.CharField(allow_blank=True)
    delivery_on = serializers.DateField(allow_null=True)
    language = serializers.CharField()
    accepted = AcceptedSerializer(allow_null=True)
    purchase_orders = OrderSerializer(many=True)
    drafted_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    accepted_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    deemed_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    actions = serializers.ListField(child=choice([step.value for step in EstimateAction]))


def order(row: EstimateAcceptance) -> dict[str, Any]:
    names = ("name", "size", "sha256")
    return {
        "number": row.purchase_order,
        "revision": row.revision.number,
        "recorded_at": row.at,
        "files": [
            {"id": file.public_id, **{name: getattr(file, name) for name in names}}
            for file in row.files.all()
        ],
    }


def shown(row: Estimate, desks: list[Membership]) -> dict[str, Any]:
    """Return an estimate as these desks see it; a client sees what was sent, not what is drafted."""
    hidden = row.status not in SHOWN_TO_CLIENT and not any(m.is_vendor for m in desks)
    revision = row.accepted if hidden else row.revision
    status = EstimateStatus.ACCEPTED if hidden else row.status
    actions = {step.action for desk in desks for step in steps_for(status, desk.role)}
    return {
        "id": row.public_id,
        "ticket": row.ticket.key,
        "number": row.number,
        "status": status,
        "revision": revision.number,
        "sha256": revision.sha256,
        "pricing": revision.pricing,
        "currency": revision.currency,
        "amount": revision.amount,
        "lines": revision.lines,
        "assumptions": revision.assumptions,
        "exclusions": revision.exclusions,
        "date_effect": revision.date_effect,
        "delivery_on": revision.delivery_on,
        "language": revision.language,
        "accepted": row.accepted
        and {"revision": row.accepted.number, "amount": row.accepted.amount},
        "purchase_orders": [order(each) for each in row.acceptances.all() if each.purchase_order],
        "drafted_at": row.drafted_at,
        "sent_at": row.sent_at,
        "expires_at": row.expires_at,
        "accepted_at": row.accepted_at,
        "delivered_at": row.delivered_at,
        "deemed_at": row.deemed_at,
        "ended_at": row.ended_at,
        "actions": [step.value for step in EstimateAction if step in actions],
    }
