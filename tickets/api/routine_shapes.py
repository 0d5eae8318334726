"""What routines and their runs ask for, and how they are shown."""

from typing import Any

from rest_framework import serializers

from tenants.api.serializers import Body, ClientSerializer, PersonSerializer
from tickets.api.fields import MOST_REASON, choice, optional_text, text
from tickets.api.shapes import client, person
from tickets.domain.routine import Evidence
from tickets.models import RoutineRun, RoutineTask
from tickets.models.routine import ClosedDay, Rhythm, RoutineKind
from tickets.services.routines import MOST_LINES, Plan

# --- what is said ---


class ChecklistLineBody(Body):
    text = text(200)
    evidence = choice([kind.value for kind in Evidence], default=Evidence.NONE.value)


class PlanBody(Body):
    """What a routine is; instants are on the wall of the contract's zone."""

    kind = choice(RoutineKind.choices)
    title = text(120)
    system = text(60)
    every = choice(Rhythm.choices)
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6),
        default=list,
        max_length=7,
        help_text="0 is Monday; of a weekly routine.",
    )
    of_month = serializers.IntegerField(
        min_value=1, max_value=31, default=1, help_text="31 is the last day."
    )
    closed_day = choice(ClosedDay.choices, default=ClosedDay.KEEP)
    opens = serializers.TimeField()
    closes = serializers.TimeField(help_text="Not after `opens`: of the next day.")
    runbook = optional_text()
    checklist = ChecklistLineBody(many=True, required=False, max_length=MOST_LINES)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        own = {name: attrs.pop(name) for name in Plan.__slots__ if name in attrs}
        return {"plan": Plan(**own), **attrs}


class NewRoutineBody(PlanBody):
    starts_on = serializers.DateField(help_text="Today or later.")


class EndBody(Body):
    reason = text(MOST_REASON)


class ProofBody(Body):
    file = serializers.FileField(max_length=255)


class RunLineBody(Body):
    line = serializers.IntegerField(min_value=0, max_value=MOST_LINES - 1)
    value = text(500, required=False, help_text="A number or words, where the line asks for them.")
    file = text(1000, required=False, help_text="What sending the file answered.")


class DoneBody(Body):
    """The lines that were done, each with its evidence."""

    lines = RunLineBody(many=True, max_length=MOST_LINES)
    note = optional_text(5000)


# --- what is answered ---


class ChecklistLineSerializer(serializers.Serializer):
    text = serializers.CharField()
    evidence = choice([kind.value for kind in Evidence])


class RoutineSerializer(serializers.Serializer):
    id = serializers.CharField()
    client = ClientSerializer()
    contract = serializers.CharField(help_text="Its id.")
    kind = choice(RoutineKind.choices)
    title = serializers.CharField()
    system = serializers.CharField()
    every = choice(Rhythm.choices)
    weekdays = serializers.ListField(child=serializers.IntegerField())
    of_month = serializers.IntegerField()
    closed_day = choice(ClosedDay.choices)
    opens = serializers.TimeField()
    closes = serializers.TimeField()
    runbook = serializers.CharField(allow_blank=True)
    checklist = ChecklistLineSerializer(many=True)
    starts_on = serializers.DateField()
    ended_on = serializers.DateField(allow_null=True, help_text="The first day without it.")


class RunAnswerSerializer(serializers.Serializer):
    text = serializers.CharField()
    evidence = choice([kind.value for kind in Evidence])
    value = serializers.CharField(allow_blank=True)


class RunProofSerializer(serializers.Serializer):
    id = serializers.CharField()
    line = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()


class RunSerializer(serializers.Serializer):
    id = serializers.CharField()
    routine = serializers.CharField(help_text="Its id.")
    client = ClientSerializer()
    title = serializers.CharField()
    state = choice(["waiting", "missed", "done", "late"])
    due_on = serializers.DateField()
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()
    missed_at = serializers.DateTimeField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)
    done_by = PersonSerializer(allow_null=True)
    note = serializers.CharField(allow_blank=True)
    answers = RunAnswerSerializer(many=True)
    proofs = RunProofSerializer(many=True)


class KeptSerializer(serializers.Serializer):
    file = serializers.CharField(help_text="Names the file when the run is done; for a day.")


def routine(row: RoutineTask) -> dict[str, Any]:
    names = [
        name for name in RoutineSerializer().fields if name not in {"id", "client", "contract"}
    ]
    return {
        "id": row.public_id,
        "client": client(row.tenant),
        "contract": row.contract.public_id,
        **{name: getattr(row, name) for name in names},
    }


def run(row: RoutineRun) -> dict[str, Any]:
    names = ("title", "state", "due_on", "opens_at", "closes_at", "missed_at", "done_at", "note")
    proof = ("line", "name", "size", "sha256")
    return {
        "id": row.public_id,
        "routine": row.task.public_id,
        "client": client(row.tenant),
        **{name: getattr(row, name) for name in names},
        "done_by": person(row.done_by),
        "answers": row.answers,
        "proofs": [
            {"id": each.public_id, **{name: getattr(each, name) for name in proof}}
            for each in row.proofs.all()
        ],
    }
