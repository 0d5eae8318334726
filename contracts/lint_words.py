"""What the lint found, said in one sentence: the path, the value, and what to write instead."""

from collections.abc import Callable, Iterable, Sequence

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from contracts.contract_words import duration, phrase, word
from contracts.domain.coverage import Facet, Gap
from contracts.domain.examples import Differs, Verdict
from contracts.domain.findings import Finding
from contracts.domain.grid import Band
from contracts.domain.terms import Outcome


def sentence(finding: Finding) -> str:
    """Return the finding as `path: what is wrong: how to mend it` in the reader's language."""
    return f"{finding.path}: {_SENTENCES[finding.code](dict(finding.parameters))}"


def gap_sentence(gap: Gap) -> str:
    """Return a gap such as `perfective on staging, any priority: nothing decides`."""
    if gap.spent:
        said = ngettext(
            "%(cases)s: nothing decides once the quota of %(clauses)s is used up",
            "%(cases)s: nothing decides once the quotas of %(clauses)s are used up",
            len(gap.spent),
        )
        return said % {"cases": _cases(gap), "clauses": listed(gap.spent)}
    return _("%(cases)s: nothing decides") % {"cases": _cases(gap)}


def differs_sentence(differs: Differs) -> str:
    """Return for example `examples[2] 'Small fix': expected included by S2, and it is estimate`."""
    return _("examples[%(index)s] '%(title)s': expected %(expected)s, and it is %(found)s") % {
        "index": differs.index,
        "title": differs.title,
        "expected": _verdict(differs.expected),
        "found": _verdict(differs.found),
    }


def _verdict(verdict: Verdict) -> str:
    names = {
        "outcome": str(verdict.outcome),
        "clause": verdict.clause,
        "pool": verdict.pool,
        "cap": verdict.cap,
        "asks": verdict.asks,
    }
    said = [names["outcome"]]
    if verdict.pool is not None:
        pool = _("pool %(pool)s") % names
        said = [pool] if verdict.outcome == Outcome.POOL else [*said, pool]
    if verdict.cap is not None:
        said.append(_("cap %(cap)s") % names)
    if verdict.clause is not None:
        said.append(_("by %(clause)s") % names)
    if verdict.asks is not None:
        said.append(_("asks %(asks)s") % names)
    return " ".join(said)


def listed(codes: Iterable[object]) -> str:
    return ", ".join(str(code) for code in codes)


def named(codes: Iterable[object]) -> str:
    language = get_language() or "en"
    return word("list", language).join(word(str(code), language) for code in codes)


def _cases(gap: Gap) -> str:
    facets = {facet.fact: facet for facet in gap.facets}
    activity, system = facets.pop("activity", None), facets.pop("system", None)
    environment = facets.pop("environment", None)
    names = {
        "activity": _shortest(activity, _("any activity but %s")) or _("any activity"),
        "system": _shortest(system, _("any system but %s")),
        "environment": _shortest(environment, _("any environment but %s")),
    }
    if system and environment:
        where = _("%(activity)s on %(system)s %(environment)s") % names
    elif system:
        where = _("%(activity)s on %(system)s") % names
    elif environment:
        where = _("%(activity)s on %(environment)s") % names
    else:
        where = names["activity"]
    details = [_detail(facet) for facet in facets.values()] or [_("any priority")]
    return ", ".join([where, *details])


def _shortest(facet: Facet | None, but: str) -> str:
    """Return the values, or all but the one that is left out where that is shorter."""
    if facet is None:
        return ""
    if len(facet.others) == 1 and len(facet.values) > 2:
        return but % named(facet.others)
    return named(facet.values)


def _detail(facet: Facet) -> str:
    language = get_language() or "en"
    if facet.fact == "priority":
        return _shortest(facet, _("any priority but %s"))
    if facet.fact == "cause":
        return _("cause %s") % _shortest(facet, _("any but %s"))
    if facet.fact == "effort_minutes":
        return _("effort %s") % named(_range(band, language) for band in _joined(facet.values))
    words = {
        "in_hours": ("out_of_hours", "in_hours"),
        "warranty": ("no_warranty", "warranty"),
    }[facet.fact]
    return word(words[bool(facet.values[0])], language)


def _joined(bands: Sequence[object]) -> list[Band]:
    """Return the bands with neighbours made one."""
    joined: list[Band] = []
    for band in sorted((b for b in bands if isinstance(b, Band)), key=lambda b: b.minutes):
        if joined and joined[-1].at_most == band.above:
            joined[-1] = Band(joined[-1].above, band.at_most)
        else:
            joined.append(band)
    return joined


def _range(band: Band, language: str) -> str:
    if band.above is None:
        return phrase("at_most", language, duration(band.at_most or 0, language))
    above = duration(band.above, language)
    if band.at_most is None:
        return phrase("above", language, above)
    return phrase("between", language, above, duration(band.at_most, language))


_SENTENCES: dict[str, Callable[[dict], str]] = {
    "clause_hidden": lambda said: (
        _(
            "clause %(clause)s can never decide: every case it names is decided before it"
            " by %(by)s; move it up, narrow those, or remove it"
        )
        % {**said, "by": listed(said["by"])}
    ),
    "clause_impossible": lambda said: (
        _(
            "clause %(clause)s can never decide: its conditions and quota leave no case;"
            " correct them or remove it"
        )
        % said
    ),
    "outcome_without_pool": lambda said: (
        _("clause %(clause)s draws on a pool that is not there; add it to cost.pools") % said
    ),
    "outcome_without_rate": lambda said: (
        _(
            "clause %(clause)s (%(outcome)s) bills work of %(tier)s (%(activities)s), and"
            " cost.rates has no rate for %(tier)s; add one"
        )
        % {**said, "activities": listed(said["activities"])}
    ),
    "hours_never_open": lambda said: (
        _("the hours '%(hours)s' never open in two years; give their week a window") % said
    ),
    "joint_never_opens": lambda said: (
        _(
            "the hours '%(hours)s' never open: %(parts)s are never open at the same time;"
            " change one of them"
        )
        % {**said, "parts": listed(said["parts"])}
    ),
    "target_without_hours": lambda said: (
        _("%(obligation)s within %(within)s counts on no hours; name hours here or in time.hours")
        % said
    ),
    "priority_without_restore": lambda said: (
        _(
            "incident response is sold for %(priority)s without a restore target for it; add"
            " {obligation: restore, priority: [%(priority)s], within: ...}"
        )
        % said
    ),
    "critical_without_restore": lambda said: (
        _(
            "'%(system)s' is revenue critical and has no restore target for %(priorities)s;"
            " add one to time.targets"
        )
        % {**said, "priorities": listed(said["priorities"])}
    ),
    "system_without_restore": lambda said: (
        _("'%(system)s' is sold incident response and has no restore target for %(priorities)s")
        % {**said, "priorities": listed(said["priorities"])}
    ),
    "activity_without_tier": lambda said: (
        _(
            "nobody answers for '%(activity)s', which this contract takes on;"
            " add {activities: [%(activity)s], tier: ..., party: ...}"
        )
        % said
    ),
    "gap": lambda said: gap_sentence(said["gap"]),
    "all_answers_no": lambda said: _(
        "when every question is answered no, no clause is sure to decide; end with a question that"
        " catches the rest, or with a clause without conditions"
    ),
    "activity_never_asked": lambda said: (
        _("no question leads to %(activities)s, so clause %(clause)s waits for a person to say it")
        % {**said, "activities": listed(said["activities"])}
    ),
    "clause_without_warranty": lambda said: (
        _("clause %(clause)s looks at the warranty, and scope.warranty does not say how long it is")
        % said
    ),
    "finding_without_due": lambda said: (
        _(
            "no due date is given for findings that are %(severities)s; add them, or say so on purpose"
        )
        % {"severities": listed(said["severities"])}
    ),
    "pool_unused": lambda said: _("no clause draws on the pool '%(pool)s'") % said,
    "hours_unused": lambda said: _("nothing counts on the hours '%(hours)s'") % said,
    "emergency_without_rate": lambda said: (
        _(
            "emergency work of %(tier)s (%(activities)s) would be billed, and cost.rates has no rate"
            " for %(tier)s"
        )
        % {**said, "activities": listed(said["activities"])}
    ),
    "place_without_rate": lambda said: (
        _("%(tier)s has no rate for %(place)s work; it cannot be billed") % said
    ),
    "business_days_always": lambda said: (
        _(
            "%(obligation)s counts business days on 'always', which are the days of UTC;"
            " name service hours"
        )
        % said
    ),
}
