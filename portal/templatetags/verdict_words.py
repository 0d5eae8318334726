"""The verdict's path as sentences: codes and parameters in, the reader's words out. No queries."""

from typing import Any

from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from contracts.domain.terms import Clause, Outcome, Terms, text_in
from contracts.domain.verdict import Answer, Because, PathStep, Question, QuotaUse
from portal.templatetags.reading import minutes
from portal.templatetags.words import word

register = template.Library()

KINDS = {"environment", "priority", "cause", "activity"}
CHEAP = {Outcome.INCLUDED, Outcome.POOL, Outcome.PREAPPROVED}
ELSEWHERE = {"activity", "system"}  # a clause that asks for others is about something else
ANSWERS = {"yes": "good", "no": "", "unknown": "ask"}


@register.simple_tag
def path_steps(decision: Any, terms: Terms) -> list[dict[str, object]]:
    """Return the questions and clauses on the way to a stored decision, as its page draws them."""
    steps = [PathStep.from_dict(step) for step in decision.verdict.get("path", ())]
    return [
        {
            "kind": step.kind,
            "ref": step.ref if step.kind == "clause" else "",
            "text": subject(step, terms),
            "answer": answer_word(step.answer.value),
            "tone": ANSWERS[step.answer.value],
            "why": why(step.because, terms),
            "decides": step.kind == "clause" and step.ref == decision.clause_id,
        }
        for step in steps
    ]


def answer_word(answer: str) -> str:
    return {"yes": _("Yes"), "no": _("No"), "unknown": _("Unknown")}[answer]


def subject(step: PathStep, terms: Terms) -> str:
    """Return what was asked, or the clause's text."""
    language = get_language() or "en"
    if step.kind == "clause":
        clause = terms.clause(step.ref)
        return text_in(clause.text, language) if clause else ""
    if step.ref.isdecimal() and int(step.ref) < len(terms.scope.classify):
        return text_in(terms.scope.classify[int(step.ref)].ask, language)
    return word(step.ref, "fact")


def why(because: Because, terms: Terms) -> str:
    """Return the reason of a step as a sentence."""
    said = because.parameters
    if because.code == "differs":
        names = {
            "fact": word(said["fact"], "fact"),
            "value": shown(said["fact"], said["value"], terms),
            "wanted": wanted(said["fact"], said["wanted"], terms),
        }
        return _("%(fact)s is %(value)s; the clause asks for %(wanted)s") % names
    if because.code == "applies":
        return ", ".join(
            f"{word(fact, 'fact')}: {shown(fact, value, terms)}" for fact, value in said.items()
        )
    return PLAIN[because.code](said) if because.code in PLAIN else because.code


PLAIN = {
    "always_applies": lambda said: _("The clause has no condition"),
    "activity_given": lambda said: _("Kind of work: %s") % word(said["activity"], "activity"),
    "answer_names": lambda said: _("Kind of work: %s") % word(said["activity"], "activity"),
    "not_answered": lambda said: _("Not answered yet"),
    "answered_no": lambda said: "",
    "missing": lambda said: _("Not known yet: %s") % word(said["fact"], "fact"),
    "quota_used": lambda said: _("This month's quota is used up: %(used)s of %(of)s") % said,
    "quota_minutes_used": lambda said: (
        _("This month's quota is used up: %(used)s of %(of)s")
        % {"used": minutes(said["used"]), "of": minutes(said["of"])}
    ),
}


def shown(fact: str, value: Any, terms: Terms) -> str:
    if value is None:
        return _("not known")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if fact == "system":
        return system_name(value, terms)
    if fact == "effort_minutes":
        return minutes(value)
    return str(word(value, fact)) if fact in KINDS else str(value)


def wanted(fact: str, values: Any, terms: Terms) -> str:
    if not isinstance(values, tuple):
        return shown(fact, values, terms)
    if fact == "effort_minutes":
        return ", ".join(bound(value) for value in values)
    return ", ".join(shown(fact, value, terms) for value in values)


def bound(text: str) -> str:
    """Return a bound such as `at_most 4h` in words."""
    name, _space, size = text.partition(" ")
    hours = size.replace("h", " h").replace("m", " min")
    return (_("at most %s") if name == "at_most" else _("above %s")) % hours


@register.filter
def system_name(key: str, terms: Terms) -> str:
    system = terms.system(key)
    return text_in(system.name, get_language() or "en") if system else key


@register.simple_tag
def open_question(decision: Any, terms: Terms) -> str:
    """Return the question that a pending verdict waits for."""
    if not (document := decision.verdict.get("question")):
        return ""
    question = Question.from_dict(document)
    if texts := question.texts(terms):
        return text_in(texts, get_language() or "en")
    return _("What is not known yet: %s?") % word(question.fact, "fact")


@register.simple_tag
def clause_text(decision: Any, terms: Terms) -> str:
    clause = terms.clause(decision.clause_id) if decision.clause_id else None
    return text_in(clause.text, get_language() or "en") if clause else ""


@register.simple_tag
def quota_left(clause: Clause | None, used: QuotaUse) -> str:
    """Return how much of the clause's month others have used; empty where it has no quota."""
    if clause is None or clause.quota is None:
        return ""
    said = []
    if clause.quota.count is not None:
        count = {"used": used.count, "of": clause.quota.count}
        said.append(_("%(used)s of %(of)s used this month") % count)
    if clause.quota.effort is not None:
        time = {"used": minutes(used.minutes), "of": minutes(clause.quota.effort)}
        said.append(_("%(used)s of %(of)s used this month") % time)
    return " · ".join(said)


@register.simple_tag
def reasons(decision: Any, terms: Terms) -> list[dict[str, str]]:
    """
    Return why a verdict is what it is: what the deciding clause saw, and what missed narrowly.

    A clause misses narrowly when it is about this work, would have been cheaper for the client, and
    something else than the kind of work stood against it.
    """
    steps = [PathStep.from_dict(step) for step in decision.verdict.get("path", ())]
    found = [
        {"ref": step.ref, "text": subject(step, terms), "why": why(step.because, terms)}
        for step in steps
        if decision.outcome not in CHEAP and missed_narrowly(step, terms)
    ]
    decides = (step for step in steps if step.kind == "clause" and step.ref == decision.clause_id)
    return [*({"ref": "", "text": "", "why": why(step.because, terms)} for step in decides), *found]


def missed_narrowly(step: PathStep, terms: Terms) -> bool:
    clause = terms.clause(step.ref) if step.kind == "clause" else None
    if clause is None or step.answer is not Answer.NO or clause.then.outcome not in CHEAP:
        return False
    code, said = step.because.code, step.because.parameters
    return code.startswith("quota") or (code == "differs" and said["fact"] not in ELSEWHERE)


@register.filter
def verdict_code(decision: Any) -> str:
    """Return the outcome's code; empty while a question is open."""
    return "" if decision is None or decision.pending else decision.outcome
