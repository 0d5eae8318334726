"""The forms of routine tasks: what is agreed, and how a run was done."""

from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from contracts.domain.terms import Terms, text_in
from tenants.errors import Invalid
from tickets.domain.routine import Check, Evidence
from tickets.forms import text_field
from tickets.models import RoutineRun, RoutineTask
from tickets.models.routine import ClosedDay, Rhythm, RoutineKind
from tickets.services.attachments import store_file
from tickets.services.routines import Answers, Plan

MARKS = {"#": Evidence.NUMBER, "@": Evidence.FILE, "=": Evidence.TEXT}  # at the end of a line
TEMPLATES: dict[str, dict[str, Any]] = {  # what a new routine of a kind begins with
    RoutineKind.BACKUP: {
        "every": Rhythm.DAY, "opens": "01:00", "closes": "09:00",
        "checklist": [_("The backup of last night exists and ended without an error"),
                      _("Its size in GB #"), _("Once a month: a restore was tried =")],
    },
    RoutineKind.LOG_ROTATION: {
        "every": Rhythm.WEEK, "weekdays": ["0"], "closed_day": ClosedDay.AFTER,
        "opens": "09:00", "closes": "18:00",
        "checklist": [_("Old logs are archived and removed"), _("Free space in % #")],
    },
    RoutineKind.JOB_RUN: {
        "every": Rhythm.DAY, "closed_day": ClosedDay.SKIP, "opens": "06:00", "closes": "09:00",
        "checklist": [_("Every job of the night ended"), _("The job log @")],
    },
    RoutineKind.ACCOUNTS: {
        "every": Rhythm.MONTH, "of_month": 31, "closed_day": ClosedDay.BEFORE,
        "opens": "09:00", "closes": "18:00",
        "checklist": [_("Accounts of people who left are closed"), _("Rights were reviewed"),
                      _("The list of accounts @")],
    },
    RoutineKind.PATCHES: {
        "every": Rhythm.MONTH, "of_month": 15, "closed_day": ClosedDay.AFTER,
        "opens": "22:00", "closes": "05:00",
        "checklist": [_("The backup before the patches exists"), _("Patches applied, by name @"),
                      _("The services answer again"), _("Patches left out, and why =")],
    },
    RoutineKind.SCAN: {
        "every": Rhythm.WEEK, "weekdays": ["0"], "closed_day": ClosedDay.AFTER,
        "opens": "09:00", "closes": "18:00",
        "checklist": [_("The scan ended"), _("New findings, each written down #"),
                      _("The report @")],
    },
    RoutineKind.ACCESS: {
        "every": Rhythm.MONTH, "of_month": 1, "closed_day": ClosedDay.AFTER,
        "opens": "09:00", "closes": "18:00",
        "checklist": [_("Rights compared with the list of people"), _("Rights taken away #"),
                      _("Signed list @")],
    },
}  # fmt: skip


def time_field(label) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={
            "required": _("Choose a time, for example 09:00."),
            "invalid": _("Choose a time, for example 09:00."),
        },
    )


class RoutineForm(forms.Form):
    """A routine task as it is agreed; the checklist is one line a check."""

    title = forms.CharField(
        label=_("What is done"),
        max_length=120,
        error_messages={"required": _("What is done: give the routine a name.")},
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=RoutineKind.choices)
    system = forms.ChoiceField(label=_("System"))
    every = forms.ChoiceField(label=_("How often"), choices=Rhythm.choices)
    weekdays = forms.MultipleChoiceField(
        label=_("On"),
        choices=[(str(n), name) for n, name in WEEKDAYS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Of a weekly routine."),
    )
    of_month = forms.IntegerField(
        label=_("Day of the month"),
        min_value=1,
        max_value=31,
        required=False,
        initial=1,
        help_text=_("Of a monthly routine; 31 is the last day of every month."),
    )
    closed_day = forms.ChoiceField(
        label=_("When that day is closed"),
        choices=ClosedDay.choices,
        help_text=_("By the service hours and holidays of the contract."),
    )
    opens = time_field(_("From"))
    closes = time_field(_("Until"))
    runbook = text_field(_("Runbook"), rows=5, help_text=_("How it is done, step by step."))
    checklist = text_field(
        _("Checklist"),
        rows=4,
        help_text=_("One check a line. End a line with # for a number, = for words, @ for a file."),
    )
    starts_on = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args, terms: Terms, task: RoutineTask | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "en"
        self.fields["system"].choices = [
            (system.key, text_in(system.name, language)) for system in terms.systems
        ]
        if task is not None:
            del self.fields["starts_on"]
            self.initial = initial_of(task)

    def clean_checklist(self) -> list[dict[str, str]]:
        lines = (line.strip() for line in self.cleaned_data["checklist"].splitlines())
        return [line_of(line) for line in lines if line]

    def plan(self) -> Plan:
        """Return what was agreed, without the first day."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "starts_on"}
        data["weekdays"] = [int(day) for day in data["weekdays"]]
        return Plan(**data | {"of_month": data["of_month"] or 1})


def line_of(text: str) -> dict[str, str]:
    if evidence := MARKS.get(text[-1]):
        return {"text": text[:-1].strip()[:200] or text, "evidence": evidence.value}
    return {"text": text[:200], "evidence": Evidence.NONE.value}


def text_of(check: Check) -> str:
    marks = {evidence: mark for mark, evidence in MARKS.items()}
    return f"{check.text} {marks.get(check.evidence, '')}".strip()


def initial_of(task: RoutineTask) -> dict[str, Any]:
    names = ("title", "kind", "system", "every", "of_month", "closed_day", "opens", "closes")
    return {name: getattr(task, name) for name in names} | {
        "weekdays": [str(day) for day in task.weekdays],
        "runbook": task.runbook,
        "checklist": "\n".join(map(text_of, task.checks)),
    }


def template_of(kind: str) -> dict[str, Any]:
    """Return what the form of a new routine of a kind begins with; nothing for an unknown one."""
    found = dict(TEMPLATES.get(kind, {}))
    if found:
        found |= {"kind": kind, "title": RoutineKind(kind).label}
        found["checklist"] = "\n".join(str(line) for line in found["checklist"])
    return found


class RunForm(forms.Form):
    """A run's checklist: a tick a line, and its evidence."""

    def __init__(self, *args, run: RoutineRun, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.run = run
        for place, check in enumerate(run.task.checks):
            self.fields[f"tick_{place}"] = forms.BooleanField(label=check.text, required=False)
            if proof := proof_field(check):
                self.fields[f"proof_{place}"] = proof
        self.fields["note"] = text_field(_("Note"), rows=2)

    def lines(self) -> list[tuple[Any, Any]]:
        """Return for each line its tick and its evidence (None where it asks for none)."""
        return [
            (
                self[f"tick_{place}"],
                self[name] if (name := f"proof_{place}") in self.fields else None,
            )
            for place in range(len(self.run.task.checks))
        ]

    def command(self) -> dict[str, Any]:
        """
        Return the arguments of `complete_run` without run, actor and now; files are stored.

        :raises Invalid: if a file is empty, too large or of another type.
        """
        ticked, values, files = set(), {}, {}
        for place in range(len(self.run.task.checks)):
            if self.cleaned_data[f"tick_{place}"]:
                ticked.add(place)
            proof = self.cleaned_data.get(f"proof_{place}")
            if proof and hasattr(proof, "chunks"):
                files[place] = self.stored(place, proof)
            elif proof:
                values[place] = proof
        answers = Answers(ticked, values, files)
        return {"answers": answers, "note": self.cleaned_data["note"]}

    def stored(self, place: int, upload):
        try:
            return store_file(upload, tenant_id=self.run.tenant_id)
        except Invalid as error:
            raise Invalid(error.message, field=f"proof_{place}") from error


def proof_field(check: Check) -> forms.Field | None:
    label = _("Evidence: %(line)s") % {"line": check.text}
    if check.evidence is Evidence.FILE:
        return forms.FileField(label=label, required=False)
    if check.evidence is Evidence.NUMBER:
        attrs = {"inputmode": "decimal"}
        return forms.CharField(
            label=label, required=False, max_length=20, widget=forms.TextInput(attrs=attrs)
        )
    if check.evidence is Evidence.TEXT:
        return forms.CharField(label=label, required=False, max_length=500)
    return None
