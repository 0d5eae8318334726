"""
The flowchart of a draft as rows that a person edits: what they typed, whether it is right or not.

A sheet and the document's `classify` and `clauses` write each other. Nothing is checked here: that is
`terms.parse`, whose errors name a row by its place.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

QUESTION, CLAUSE = "question", "clause"
SECTIONS = {QUESTION: "classify", CLAUSE: "clauses"}
MANY = ("activity", "system", "environment", "priority", "cause")
FLAGS = {"yes": True, "no": False}
_PLACE = re.compile(r"scope\.(classify|clauses)\[(\d+)\]")


class Problem(NamedTuple):
    """What is wrong, and with which row; `key` is empty where it is with none of them."""

    key: str
    said: str


@dataclass(frozen=True, slots=True)
class Row:
    """A question or a clause as it was typed; `key` names it while it is moved about."""

    kind: str
    key: str
    said: Mapping[str, tuple[str, ...]]

    def one(self, name: str) -> str:
        return next(iter(self.said.get(name, ())), "").strip()

    def many(self, name: str) -> tuple[str, ...]:
        return tuple(value for value in self.said.get(name, ()) if value)

    def texts(self, name: str) -> dict[str, str]:
        """Return the words by language: `text-en` holds those in English."""
        begin = f"{name}-"
        said = {n.removeprefix(begin): self.one(n) for n in self.said if n.startswith(begin)}
        return {language: text for language, text in said.items() if text}

    def to_document(self) -> dict[str, Any]:
        if self.kind == QUESTION:
            return {"ask": self.texts("ask"), "then": self.one("then")}
        when = self._when()
        quota = {"count": number(self.one("count")), "effort": self.one("effort")}
        quota = {name: value for name, value in quota.items() if value != ""}
        return {
            "id": self.one("id"),
            "text": self.texts("text"),
            **({"when": when} if when else {}),
            **({"quota": {"per": "month", **quota}} if quota else {}),
            "then": self._then(),
        }

    def _when(self) -> dict[str, Any]:
        when: dict[str, Any] = {name: list(self.many(name)) for name in MANY if self.many(name)}
        for name in ("in_hours", "warranty"):
            if self.one(name) in FLAGS:
                when[name] = FLAGS[self.one(name)]
        bounds = {name: self.one(name) for name in ("at_most", "above") if self.one(name)}
        return when | ({"effort": bounds} if bounds else {})

    def _then(self) -> Any:
        outcome, _colon, pool = self.one("outcome").partition(":")
        if outcome == "pool":
            return {"pool": pool}
        if outcome == "preapproved":
            return {"preapproved": {"cap": number(self.one("cap"))}}
        return outcome


@dataclass(frozen=True, slots=True)
class Sheet:
    questions: tuple[Row, ...]
    clauses: tuple[Row, ...]

    def rows(self) -> tuple[Row, ...]:
        return (*self.questions, *self.clauses)

    def into(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the document with these questions and clauses for its own."""
        scope = dict(document["scope"])
        scope["classify"] = [row.to_document() for row in self.questions]
        scope["clauses"] = [row.to_document() for row in self.clauses]
        return {**document, "scope": scope}

    def moved(self, key: str, by: int) -> "Sheet":
        """Return the sheet with one row up (-1) or down (1); at the edge it stays."""
        return Sheet(_moved(self.questions, key, by), _moved(self.clauses, key, by))

    def without(self, key: str) -> "Sheet":
        return Sheet(
            tuple(row for row in self.questions if row.key != key),
            tuple(row for row in self.clauses if row.key != key),
        )

    def plus(self, kind: str, said: Mapping[str, tuple[str, ...]] | None = None) -> "Sheet":
        """Return the sheet with one more row at the end, which decides only what nothing did."""
        taken = {row.key for row in self.rows()}
        key = next(f"n{n}" for n in range(len(taken) + 1) if f"n{n}" not in taken)
        row = Row(kind, key, said or {})
        if kind == QUESTION:
            return replace(self, questions=(*self.questions, row))
        named = {"id": (self.free_id(),), **row.said}
        return replace(self, clauses=(*self.clauses, replace(row, said=named)))

    def free_id(self) -> str:
        """Return the next id in the manner of the last clause: after S7 comes S8."""
        ids = {row.one("id") for row in self.clauses}
        last = next((row.one("id") for row in reversed(self.clauses) if row.one("id")), "S0")
        letters = last.rstrip("0123456789") or "S"
        numbers = range(int(last[len(letters) :] or 0) + 1, len(ids) + 10_000)
        return next(f"{letters}{n}" for n in numbers if f"{letters}{n}" not in ids)

    def problems(self, errors: Iterable[str]) -> list[Problem]:
        """Return the errors of `terms.parse` with the row that each is about."""
        return [self._problem(error) for error in errors]

    def _problem(self, error: str) -> Problem:
        found = _PLACE.match(error)
        if found is None:
            return Problem("", error)
        rows = self.questions if found[1] == SECTIONS[QUESTION] else self.clauses
        index = int(found[2])
        key = rows[index].key if index < len(rows) else ""
        return Problem(key, error[found.end() :].lstrip(".: ") if key else error)


def sheet_of(document: Mapping[str, Any]) -> Sheet:
    """Return the rows that a stored document writes."""
    scope = document["scope"]
    questions = (
        Row(QUESTION, f"q{n}", {**_texts("ask", one["ask"]), "then": (one["then"],)})
        for n, one in enumerate(scope.get("classify", ()))
    )
    clauses = (Row(CLAUSE, f"c{n}", _clause(one)) for n, one in enumerate(scope["clauses"]))
    return Sheet(tuple(questions), tuple(clauses))


def number(text: str) -> int | str:
    """Return a whole number, else the text as it stands: the terms say what is wrong with it."""
    plain = text.replace(",", "").replace("_", "")
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) <= 18 else text


def _clause(document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    when, quota = document.get("when", {}), document.get("quota") or {}
    effort = when.get("effort") or {}
    said = {"id": (document["id"],), **_texts("text", document["text"])}
    said |= {name: tuple(when[name]) for name in MANY if when.get(name)}
    for name in ("in_hours", "warranty"):
        if when.get(name) is not None:
            said[name] = ("yes" if when[name] else "no",)
    plain = {"at_most": effort.get("at_most"), "above": effort.get("above")}
    plain |= {"count": quota.get("count"), "effort": quota.get("effort")}
    said |= {name: (str(value),) for name, value in plain.items() if value is not None}
    return said | _outcome(document["then"])


def _outcome(then: Any) -> dict[str, tuple[str, ...]]:
    if isinstance(then, str):
        return {"outcome": (then,)}
    if "pool" in then:
        return {"outcome": (f"pool:{then['pool']}",)}
    return {"outcome": ("preapproved",), "cap": (str(then["preapproved"]["cap"]),)}


def _texts(name: str, texts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {f"{name}-{language}": (text,) for language, text in texts.items()}


def _moved(rows: Sequence[Row], key: str, by: int) -> tuple[Row, ...]:
    found = list(rows)
    here = next((index for index, row in enumerate(found) if row.key == key), None)
    if here is not None and 0 <= here + by < len(found):
        found.insert(here + by, found.pop(here))
    return tuple(found)
