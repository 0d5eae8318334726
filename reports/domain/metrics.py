"""
The figures of a month, from what happened in it.

Pure: rows in, figures out, in the order of the rows. An event counts in the month of its instant;
nothing after `ends_at` is ever looked at, so a month told again later reads the same.
"""

from reports.domain.effort import Effort, EffortFigures, Minutes, StreamEffort, effort_figures
from reports.domain.flow import Flow, Waiting, flow, waiting
from reports.domain.hot_potato import Bounced, DeskCount, HotPotato, hot_potato
from reports.domain.lives import PENDING, Happened, Holding, Life, Step, Verdict
from reports.domain.patterns import Pattern, patterns
from reports.domain.scope import OUT_OF_SCOPE, OutsideTicket, ScopeFigures, scope_figures
from reports.domain.shares import share
from reports.domain.sla import (
    Clock,
    ClockResult,
    Held,
    Met,
    Pause,
    Result,
    SlaRow,
    SlaTotals,
    Stretch,
    results_for_credits,
    sla_rows,
    sla_totals,
)
from reports.domain.turns import Phase, Turn, is_alive, state_at, turns, was_open
from reports.domain.volumes import Share, Volumes, volumes
from tickets.domain.recurrence import PATTERN_AT_LEAST

__all__ = [
    "OUT_OF_SCOPE",
    "PATTERN_AT_LEAST",
    "PENDING",
    "Bounced",
    "Clock",
    "ClockResult",
    "DeskCount",
    "Effort",
    "EffortFigures",
    "Flow",
    "Happened",
    "Held",
    "Holding",
    "HotPotato",
    "Life",
    "Met",
    "Minutes",
    "OutsideTicket",
    "Pattern",
    "Pause",
    "Phase",
    "Result",
    "ScopeFigures",
    "Share",
    "SlaRow",
    "SlaTotals",
    "Step",
    "StreamEffort",
    "Stretch",
    "Turn",
    "Verdict",
    "Volumes",
    "Waiting",
    "effort_figures",
    "flow",
    "hot_potato",
    "is_alive",
    "patterns",
    "results_for_credits",
    "scope_figures",
    "share",
    "sla_rows",
    "sla_totals",
    "state_at",
    "turns",
    "volumes",
    "waiting",
    "was_open",
]
