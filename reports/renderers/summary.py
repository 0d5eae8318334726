"""The summary of a report: what the month was like, on one page."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from heapq import nlargest
from typing import Any

from django.utils.translation import gettext as _

from contracts import formats
from reports.renderers.blocks import Block, bars, beside, counts, figures, split, stacked, table
from reports.renderers.edition import Edition
from reports.renderers.insight import lines
from reports.renderers.tables import level, miss_row, misses
from reports.words import LINES, verdict_word, word

MOST_BARS, MOST_POOLS, MOST_MISSES = 6, 4, 3  # what fits on one page


def blocks(edition: Edition) -> Iterator[Block]:
    yield figures(_figures(edition))
    yield beside([_promises(edition), *lines(edition)], [_streams(edition), flow(edition)])
    yield beside([_activities(edition)], [_outcomes(edition)])
    if edition.sees_money:
        pools = [_pools(edition)] if edition.facts["cost"]["pools"] else []
        yield beside([_statement(edition)], [*pools, waiting(edition)])
    else:
        yield waiting(edition)
    yield table(replace(misses(edition), title=_("Longest overruns"), rows=_longest(edition)))


def _figures(edition: Edition) -> Iterator[tuple[str, str, str, str]]:
    told = edition.facts["summary"]
    decided = {"met": told["met"], "all": told["met"] + told["missed"]}
    share = formats.percent(told["basis_points"])
    yield _("SLA met"), share, _("%(met)s of %(all)s") % decided, level(told["basis_points"])
    yield _("Requests received"), formats.number(told["received"]), "", ""
    yield _("Out of scope"), formats.number(told["out_of_scope"]), "", ""
    held = told["held_minutes"]
    note = _("%(time)s held") % {"time": formats.minutes(held)} if held else ""
    yield _("Work"), formats.minutes(told["minutes"]), note, ""
    if edition.sees_money:
        due = edition.facts["cost"]["disputed"]["due"]
        with_tax = _("with tax") if edition.facts["cost"]["tax"] else ""
        yield _("Amount due"), formats.money(due, edition.currency), with_tax, ""


def _promises(edition: Edition) -> Block:
    met, missed = Counter[str](), Counter[str]()
    for row in edition.facts["sla"]["rows"]:
        met[row["obligation"]] += row["met"]
        missed[row["obligation"]] += row["missed"]
    rows = [
        (word(kind, "obligation"), met[kind], missed[kind], f"{met[kind]} / {missed[kind]}")
        for kind in met
    ]
    return stacked(_("Promises, met and missed"), rows, (_("Met"), _("Missed")))


def _streams(edition: Edition) -> Block:
    parts = []
    for one in edition.facts["effort"]["by_stream"]:
        said = f"{formats.percent(one['basis_points'])} · {formats.minutes(one['minutes'])}"
        if edition.sees_money:
            said += f" · {formats.money(one['amount'], edition.currency)}"
        parts.append((word(one["stream"], "stream"), one["basis_points"] or 0, said))
    note = _("The marks show 40%% and 60%%.") % ()
    if edition.sees_money:
        note += " " + _("Money is what was charged on top of the fee.")
    return split(_("Operation and maintenance"), parts, note)


def flow(edition: Edition) -> Block:
    """Tickets that came and went; the last line is the sum of those above."""
    told = edition.facts["flow"]
    rows = [
        (_("Open as the month began"), formats.number(told["open_before"])),
        (_("Received"), f"+{formats.number(told['received'])}"),
        (_("Reopened"), f"+{formats.number(told['reopened'])}"),
        (_("Resolved"), f"−{formats.number(told['resolved'])}"),
        (_("Cancelled"), f"−{formats.number(told['cancelled'])}"),
    ]
    return counts(
        _("Tickets"), rows, (_("Open at the month's end"), formats.number(told["open_after"]))
    )


def waiting(edition: Edition) -> Block:
    """The client's waiting beside the vendor's time."""
    told = edition.facts["waiting"]
    share = formats.percent(told["client_basis_points"])
    rows = [
        (_("With the vendor"), formats.length(told["vendor_seconds"])),
        (_("Waiting for the client"), f"{formats.length(told['client_seconds'])} ({share})"),
    ]
    rows += [
        (f"— {word(one['cause'], 'pause')}", formats.length(one["seconds"]))
        for one in told["by_cause"]
    ]
    return counts(_("Whose turn it was"), rows)


def _activities(edition: Edition) -> Block:
    rows = edition.facts["volumes"]["by_activity"][:MOST_BARS]
    named = [(word(one["key"], "activity"), one["count"]) for one in rows]
    return bars(_("Requests by kind of work"), named, formats.number)


def _outcomes(edition: Edition) -> Block:
    rows = edition.facts["volumes"]["by_outcome"][:MOST_BARS]
    named = [(verdict_word(one["key"]), one["count"]) for one in rows]
    return bars(_("Requests by verdict"), named, formats.number)


def _statement(edition: Edition) -> Block:
    """The statement without its detail: a line a kind, and what is due."""
    cost, amounts = edition.facts["cost"], Counter[str]()
    for line in cost["lines"]:
        amounts[line["kind"]] += line["amount"]
    said = [(str(LINES[kind]), amount) for kind, amount in amounts.items()]
    said.append((_("Tax"), cost["tax"]))
    if cost["disputed"]["amount"]:
        said.append((_("In dispute, not due"), -cost["disputed"]["amount"]))
    rows = [(name, formats.money(amount, edition.currency)) for name, amount in said]
    due = formats.money(cost["disputed"]["due"], edition.currency)
    return counts(_("Cost statement"), rows, (_("Amount due"), due))


def _pools(edition: Edition) -> Block:
    rows = [
        (pool["key"], f"{formats.minutes(pool['used'])} / {formats.minutes(_available(pool))}")
        for pool in edition.facts["cost"]["pools"][:MOST_POOLS]
    ]
    return counts(_("Hour pools, used of available"), rows)


def _available(pool: dict[str, Any]) -> int:
    return pool["brought"] + pool["base"]


def _longest(edition: Edition) -> list[tuple]:
    found = edition.facts["sla"]["misses"]
    longest = nlargest(MOST_MISSES, found, key=lambda miss: miss["over_seconds"])
    return [miss_row(edition, miss) for miss in longest]
