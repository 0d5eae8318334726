"""What the answers of contracts hold, and how rows become them."""

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from contracts.domain.coverage import Coverage
from contracts.domain.terms import Activity, Outcome
from contracts.lint_words import gap_sentence
from contracts.models import Contract, ContractStatus, ContractVersion, Period, PeriodState
from tenants.api.serializers import ClientSerializer

Text, Day, Instant = serializers.CharField, serializers.DateField, serializers.DateTimeField


class ContractSerializer(serializers.Serializer):
    id = Text()
    number = Text()
    title = Text()
    status = serializers.ChoiceField(ContractStatus.choices)
    client = ClientSerializer()
    timezone = Text(help_text="Of its days and months.")
    starts_on = Day()
    ends_on = Day(allow_null=True, help_text="The first day after it.")


class VersionSerializer(serializers.Serializer):
    number = serializers.IntegerField()
    effective_on = Day()
    activated_at = Instant(allow_null=True, help_text="null: a draft.")
    sha256 = Text(help_text="Of terms and holidays as canonical JSON.")


class ContractDetailSerializer(ContractSerializer):
    in_force = serializers.IntegerField(allow_null=True, help_text="The number of the version.")
    versions = VersionSerializer(many=True)


class VersionWithTermsSerializer(VersionSerializer):
    terms = serializers.DictField(help_text="As in the contract file; money only for who sees it.")
    holidays = serializers.DictField(child=serializers.ListField(child=Day()))


class ShareSerializer(serializers.Serializer):
    outcome = serializers.ChoiceField([outcome.value for outcome in Outcome])
    clause = Text(allow_null=True, help_text="null: nothing decides.")


class CellSerializer(serializers.Serializer):
    activity = serializers.ChoiceField([activity.value for activity in Activity])
    system = Text()
    environment = Text()
    shares = ShareSerializer(many=True)


class CoverageSerializer(serializers.Serializer):
    version = serializers.IntegerField()
    cells = CellSerializer(many=True)
    gaps = serializers.ListField(child=Text(), help_text="What nothing decides, in words.")
    seal = Text(help_text="Of the gaps: who puts the version in force accepts exactly these.")


class LintSerializer(serializers.Serializer):
    version = serializers.IntegerField()
    refusals = serializers.ListField(child=Text(), help_text="What keeps it from being activated.")
    warnings = serializers.ListField(child=Text())


class PeriodSerializer(serializers.Serializer):
    month = Day(help_text="Its first day.")
    state = serializers.ChoiceField(PeriodState.choices)
    starts_at = Instant()
    ends_at = Instant()
    closes_at = Instant(help_text="After the grace for late entries.")
    closed_at = Instant(allow_null=True)


def contract(row: Contract) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "number": row.number,
        "title": row.title,
        "status": row.status,
        "client": {"code": row.tenant.code, "name": row.tenant.name},
        "timezone": row.timezone,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
    }


def version(row: ContractVersion) -> dict[str, Any]:
    return {
        "number": row.number,
        "effective_on": row.effective_on,
        "activated_at": row.activated_at,
        "sha256": row.sha256,
    }


def period(row: Period) -> dict[str, Any]:
    names = ("month", "state", "starts_at", "ends_at", "closes_at", "closed_at")
    return {name: getattr(row, name) for name in names}


def cells(covered: Coverage) -> Iterable[dict[str, Any]]:
    for (activity, place), shares in covered.cells.items():
        yield {
            "activity": activity.value,
            "system": place.system,
            "environment": place.environment,
            "shares": [{"outcome": s.outcome.value, "clause": s.clause_id} for s in shares],
        }


def gaps(covered: Coverage) -> list[str]:
    return [gap_sentence(gap) for gap in covered.gaps]


def without_money(terms: dict[str, Any]) -> dict[str, Any]:
    """Return a terms document without prices, pools and caps, as a requester reads it."""
    shown = {name: value for name, value in terms.items() if name != "cost"}
    clauses = shown.get("scope", {}).get("clauses", [])
    return shown | {"scope": shown["scope"] | {"clauses": [capless(clause) for clause in clauses]}}


def capless(clause: dict[str, Any]) -> dict[str, Any]:
    then = clause["then"]
    hides = isinstance(then, dict) and "preapproved" in then
    return {**clause, "then": "preapproved"} if hides else clause
