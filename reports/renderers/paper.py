"""A report as a document for paper: sections of blocks, every value already text. Plain JSON."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from contracts import formats
from reports.renderers import glossary, insight, listing, monitoring, summary, tables
from reports.renderers.blocks import Block, bars, beside, counts, pairs, table, words
from reports.renderers.changes import changes_in
from reports.renderers.edition import Edition, instant
from reports.renderers.table import first_of, legible
from reports.words import CHARGES, verdict_word, word

REGIONAL = 0x1F1E6  # the flag letter A
SHA256 = re.compile("[0-9a-f]{64}")  # is copied as it stands


def paper_of(edition: Edition) -> dict[str, Any]:
    """Return all that is printed, in the edition's language; the template only sets it."""
    with edition.speaking():
        return printable(
            {
                "lang": edition.language,
                "cover": _cover(edition),
                "draft": _draft(edition),
                "contents": _("Contents"),
                "sections": [
                    {"title": title, "own_page": own_page, "blocks": list(blocks)}
                    for title, own_page, blocks in _sections(edition)
                ],
                "footer": _footer(edition),
            }
        )


def _cover(edition: Edition) -> dict[str, Any]:
    cover = edition.facts["cover"]
    month = formats.month(edition.month)
    facts = [(_("Contract"), f"{cover['number']} {cover['title']}")]
    if edition.issued_at:
        facts.append((_("Issued"), f"{formats.at_text(edition.issued_at)} ({edition.zone.key})"))
        facts.append((_("Revision"), formats.number(cover["revision"])))
        facts.append((_("SHA-256 of this report"), edition.sha256))
    return {
        "kind": _("Monthly report"),
        "month": month[:1].upper() + month[1:],
        "client": cover["tenant_name"],
        "title": _("Monthly report, %(month)s") % {"month": month},
        "subtitle": _("Service levels, work and cost")
        if edition.sees_money
        else _("Service levels and work"),
        "facts": facts,
    }


def _draft(edition: Edition) -> dict[str, str] | None:
    if not edition.is_draft:
        return None
    month = edition.facts["month"]
    told = {
        "now": formats.at_text(instant(month["told_until"])),
        "when": formats.at_text(instant(month["closes_at"])),
    }
    note = _(
        "It stands as of %(now)s. The month takes entries until %(when)s; every figure may still"
        " change."
    )
    return {"mark": _("Draft"), "note": " ".join([_("This is a draft."), note % told])}


def _footer(edition: Edition) -> dict[str, str]:
    cover = edition.facts["cover"]
    return {
        "left": f"{cover['tenant_name']} · {cover['number']} · {formats.month(edition.month)}",
        "middle": edition.sha256[:16],
    }


def _sections(edition: Edition) -> Iterator[tuple[str, bool, Iterable[Block]]]:
    """Yield title, whether it begins a page, and what is in it."""
    yield _("Summary"), True, summary.blocks(edition)
    if edition.before:
        yield _("What this revision changed"), True, _corrected(edition)
    yield _("Service levels"), True, _levels(edition)
    if edition.sees_money:
        yield _("Cost statement"), True, _cost(edition)
    yield _("Out of scope"), not edition.sees_money, _scope(edition)
    if insight.insight_in(edition):
        yield _("Where the emphasis belongs"), False, insight.blocks(edition)
    if watched := list(monitoring.blocks(edition)):
        yield _("Monitoring and routine work"), True, watched
    yield _("Work and teams"), False, _work(edition)
    if edition.facts.get("open_items"):
        yield _("Open items"), False, [table(replace(insight.open_items(edition), title=""))]
    if "tickets" in edition.facts:
        yield _("Tickets of the month"), True, [table(listing.tickets_on_paper(edition))]
    yield _("Glossary"), False, [pairs(glossary.terms(edition.facts.get("glossary", ())))]
    yield _("Basis of these figures"), False, _basis(edition)


def _corrected(edition: Edition) -> Iterator[Block]:
    corrects = edition.facts["cover"]["corrects"]
    yield pairs(
        [
            (_("Corrects"), _("revision %(n)s") % {"n": corrects["revision"]}),
            (_("Reason"), corrects["reason"]),
            (_("SHA-256 of the corrected revision"), corrects["sha256"]),
        ]
    )
    yield from (table(each) for each in changes_in(edition))


def _levels(edition: Edition) -> Iterator[Block]:
    yield table(tables.levels(edition))
    yield table(tables.misses(edition))
    if void := edition.facts["sla"]["totals"]["void"]:
        said = _("Void clocks, which count in no percentage: %s") % formats.number(void)
        yield words(said, "soft")
    yield table(tables.open_clocks(edition))


def _cost(edition: Edition) -> Iterator[Block]:
    cost = edition.facts["cost"]
    yield table(tables.lines(edition))
    if cost["held_minutes"]:
        time = {"time": formats.minutes(cost["held_minutes"])}
        said = _("%(time)s wait for an estimate or a ruling and are not billed.") % time
        yield words(": ".join([_("Held"), said]), "late")
    if cost["goodwill_minutes"]:
        time = {"time": formats.minutes(cost["goodwill_minutes"])}
        yield words(": ".join([_("Goodwill"), _("%(time)s were given.") % time]), "soft")
    if cost["budget"]:
        budget = {"budget": formats.money(cost["budget"], edition.currency)}
        yield words(_("Budget of the year: %(budget)s") % budget, "soft")
    yield from (words(line, "soft") for line in tables.late_entries(edition))
    if cost["disputes"]:
        named = ", ".join(f"{one['ticket']} {one['clause']}" for one in cost["disputes"])
        yield words(" ".join([_("Verdicts in dispute:"), named]), "soon")
    if cost["pools"]:
        yield table(tables.pools(edition))
    if cost.get("late"):
        yield table(listing.late_work(edition))


def _scope(edition: Edition) -> Iterator[Block]:
    scope = edition.facts["scope"]
    yield table(replace(tables.outside(edition), title=""))
    waiting = [
        (_("A question is open"), first_of(scope["pending"])),
        (_("Waits for a ruling"), first_of(scope["undecided"])),
    ]
    if any(listed for _name, listed in waiting):
        yield pairs([(name, listed) for name, listed in waiting if listed])


def _work(edition: Edition) -> Iterator[Block]:
    facts = edition.facts
    yield beside(
        [_by(edition, "by_activity", _("Kind of work")), _by(edition, "by_type", _("Type"))],
        [_by(edition, "by_system", _("System")), _by(edition, "by_priority", _("Priority"))],
    )
    charged = [(str(CHARGES[one["key"]]), one["minutes"]) for one in facts["effort"]["by_charge"]]
    tiers = [(one["key"], one["minutes"]) for one in facts["effort"]["by_tier"]]
    yield beside(
        [bars(_("Time by charge"), charged, formats.minutes)],
        [bars(_("Time by tier"), tiers, formats.minutes)],
    )
    yield beside([summary.waiting(edition)], [_handed_over(edition)])
    yield table(tables.passed_on(edition))
    yield table((insight if insight.insight_in(edition) else tables).patterns(edition))


def _by(edition: Edition, key: str, title: str) -> Block:
    named = {
        "by_system": edition.system,
        "by_outcome": verdict_word,
    }.get(key, lambda code: word(code, key.removeprefix("by_")))
    rows = [(named(one["key"]), one["count"]) for one in edition.facts["volumes"][key]]
    return bars(title, rows, formats.number)


def _handed_over(edition: Edition) -> Block:
    figures = edition.facts["hot_potato"]
    return counts(
        _("Passed on"),
        [
            (_("Reassignments"), formats.number(figures["reassignments"])),
            (_("Returns to an earlier team"), formats.number(figures["returns"])),
            (_("Handoffs offered"), formats.number(figures["offered"])),
            (_("Handoffs accepted"), formats.number(figures["accepted"])),
            (_("Handoffs disputed"), formats.number(figures["disputed"])),
            (_("Given to the default owner"), formats.number(figures["defaulted"])),
        ],
    )


def _basis(edition: Edition) -> Iterator[Block]:
    month, cover = edition.facts["month"], edition.facts["cover"]
    span = {
        "start": formats.at_text(instant(month["starts_at"])),
        "end": formats.at_text(instant(month["ends_at"])),
        "zone": month["timezone"],
    }
    rows = [(_("Month"), _("%(start)s to %(end)s, a month of %(zone)s") % span)]
    for version in edition.facts["versions"]:
        day = formats.day_text(date.fromisoformat(version["effective_on"]))
        named = _("Version %(n)s, from %(day)s") % {"n": version["number"], "day": day}
        rows.append((_("Terms in force"), f"{named} {version['sha256']}"))
    if edition.sha256:
        rows.append((_("SHA-256 of this report"), edition.sha256))
    rows.append((_("SHA-256 of the month before"), cover["previous_sha256"] or formats.NOTHING))
    if audit := edition.facts.get("audit"):
        said = _("Link %(n)s") % {"n": formats.number(audit["position"])}
        rows.append((_("Audit chain when it was made"), f"{said} {audit['sha256']}"))
    yield pairs(rows)
    if audit and audit["days"]:
        yield table(listing.chain_heads(edition))
    yield words(
        _(
            "The figures are frozen. Whoever signs in the portal signs this fingerprint; a"
            " correction is a new revision with its own."
        ),
        "soft",
    )
    if edition.sha256:
        yield {"type": "sign", "fields": [_("Service owner"), _("Date"), _("Signature")]}


def printable(value: Any) -> Any:
    """Return the document with every text fit for the fonts."""
    if isinstance(value, str):
        return spelled(legible(value))
    if isinstance(value, dict):
        return {key: printable(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [printable(held) for held in value]
    return value


def spelled(text: str) -> str:
    """
    Return the text with each pictogram as its name, `[fire]`, and long runs made breakable.

    The fonts of the paper have no colour pictures; a name is read, an empty box is not.
    """
    if text.isascii():
        return _breakable(text)
    return _breakable("".join(_spelled(c) for c in text))


def _spelled(char: str) -> str:
    code = ord(char)
    if char in "\u200d\ufe0e\ufe0f" or 0x1F3FB <= code <= 0x1F3FF:
        return ""
    if REGIONAL <= code < REGIONAL + 26:
        return chr(ord("A") + code - REGIONAL)
    if code >= 0x1F300 and unicodedata.category(char) in ("So", "Cn", "Sk"):
        return f"[{unicodedata.name(char, f'U+{code:X}').lower()}]"
    return char


def _breakable(text: str, longest: int = 24) -> str:
    """Let a run of more than `longest` Latin characters break every so many, unseen."""
    if len(text) <= longest:
        return text
    return " ".join(_broken(run, longest) for run in text.split(" "))


def _broken(run: str, longest: int) -> str:
    if len(run) <= longest or not run.isascii() or SHA256.fullmatch(run):
        return run
    return "\u200b".join(run[at : at + longest] for at in range(0, len(run), longest))
