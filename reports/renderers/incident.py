"""An incident report as PDF, from its frozen revision alone."""

import json
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from contracts import formats
from contracts.domain.terms import text_in
from reports.incident_words import SECTION_NAMES, moment_text, side_word
from reports.models import IncidentReport
from reports.renderers.blocks import Block, figures, pairs, table, words
from reports.renderers.edition import instant
from reports.renderers.paper import printable
from reports.renderers.press import compiled, printed
from reports.renderers.table import Column, Kind, Table, legible
from reports.words import word


def incident_pdf(report: IncidentReport, language: str) -> bytes:
    """Return the PDF; the same revision and language give the same bytes. Times are the contract's."""
    return printed(paper_of(report, language), int(report.at.timestamp()))


def incident_pictures(report: IncidentReport, language: str) -> list[bytes]:
    """Return each page as PNG, for eyes and for tests."""
    text = json.dumps(paper_of(report, language), ensure_ascii=False)
    pages = compiled(text, int(report.at.timestamp()), "png", ppi=80)
    return pages if isinstance(pages, list) else [pages]


def paper_of(report: IncidentReport, language: str) -> dict[str, Any]:
    """Return all that is printed; the template of the monthly report sets it."""
    facts = json.loads(report.facts)
    with translation.override(language), timezone.override(ZoneInfo(facts["timezone"])):
        return printable(
            {
                "lang": language,
                "cover": _cover(report, facts),
                "draft": None if report.is_issued else _draft(),
                "contents": _("Contents"),
                "sections": [
                    {"title": title, "own_page": own_page, "blocks": list(blocks)}
                    for title, own_page, blocks in _sections(report, facts, language)
                ],
                "footer": {
                    "left": f"{facts['client']} · {facts['ticket']['key']} · {_('Incident report')}",
                    "middle": report.sha256[:16],
                },
            }
        )


def _draft() -> dict[str, str]:
    note = _("This is a draft.")
    return {"mark": _("Draft"), "note": note}


def _cover(report: IncidentReport, facts: dict[str, Any]) -> dict[str, Any]:
    ticket = facts["ticket"]
    return {
        "kind": _("Incident report"),
        "month": ticket["key"],
        "client": facts["client"],
        "title": f"{_('Incident report')} {ticket['key']}",
        "subtitle": ticket["title"],
        "facts": [
            (_("Contract"), facts["contract"]),
            (_("Priority"), ticket["priority"]),
            (_("Issued") if report.is_issued else _("Written"), formats.at_text(report.at)),
            (_("Revision"), formats.number(report.revision)),
            (_("SHA-256 of this report"), report.sha256),
        ],
    }


def _sections(
    report: IncidentReport, facts: dict[str, Any], language: str
) -> Iterator[tuple[str, bool, list[Block]]]:
    """Yield title, whether it begins a page, and what is in it."""
    summary, *others = SECTION_NAMES
    yield (
        str(SECTION_NAMES[summary]),
        True,
        [
            *_said(report, summary),
            _figures(facts),
            _place(facts, language),
        ],
    )
    for name in others:
        yield str(SECTION_NAMES[name]), False, list(_said(report, name))
    yield _("Timeline"), False, [table(_timeline(facts))]
    yield _("Clocks"), False, [table(_clocks(facts))]


def _said(report: IncidentReport, name: str) -> Iterator[Block]:
    """Yield what people wrote, a block a line, so that their lines stay lines."""
    text = report.sections.get(name, "")
    for line in text.splitlines() or [""]:
        yield words(legible(line) or formats.NOTHING)


def _figures(facts: dict[str, Any]) -> Block:
    times = facts["times"]
    restored = instant(times["restored_at"])
    received = formats.at_text(instant(times["received_at"]))
    return figures(
        [
            (_("Received"), received, "", ""),
            (_("Restored"), formats.at_text(restored) if restored else _("Not yet"), "", ""),
            (_("Down for"), formats.length(times["down_seconds"]), "", "late"),
        ]
    )


def _place(facts: dict[str, Any], language: str) -> Block:
    ticket = facts["ticket"]
    system = text_in(facts["system"], language) or ticket["system"]
    rows = [(_("System"), f"{system} · {ticket['environment']}")]
    for one in facts["delivered"]:
        rows.append((_("Release"), one["name"] or one["reason"]))
        if one["documents"]:
            rows.append((_("Updated design documents"), ", ".join(one["documents"])))
    return pairs(rows)


def _timeline(facts: dict[str, Any]) -> Table:
    return Table(
        "timeline",
        "",
        (
            Column("at", _("Time"), Kind.MOMENT, 1.2),
            Column("side", _("By"), share=0.8),
            Column("event", _("What happened"), share=2),
            Column("text", _("In their words"), share=3),
        ),
        (
            (
                instant(one["at"]),
                side_word(one["side"]),
                moment_text(one),
                legible(one["text"]),
            )
            for one in facts["timeline"]
        ),
    )


def _clocks(facts: dict[str, Any]) -> Table:
    return Table(
        "clocks",
        "",
        (
            Column("obligation", _("Clock"), share=1.6),
            Column("within", _("Promised within"), share=1.2),
            Column("due", _("Due"), Kind.MOMENT, 1.4),
            Column("stopped", _("Done"), Kind.MOMENT, 1.4),
            Column("state", _("Result"), share=1),
        ),
        (
            (
                f"{word(one['obligation'], 'obligation')} {one['priority']}",
                formats.span(one["within"]),
                instant(one["missed_at"] or one["due_at"]),
                instant(one["stopped_at"]),
                word(one["state"], "clock"),
            )
            for one in facts["clocks"]
        ),
    )
