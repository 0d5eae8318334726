"""From the rows of routine runs to the report's figures."""

from reports import queries
from reports.domain.routines import Routines, Run, routines
from reports.queries import Reach
from tickets.domain.routine import Evidence


def routines_of(reach: Reach) -> Routines:
    """Return the routine tasks whose end lies in the month, as they stood at its end."""
    runs = (
        Run(*row, proofs=sum(line["evidence"] != Evidence.NONE for line in answers))
        for *row, answers in queries.routine_runs(reach)
    )
    return routines(runs, reach.ends_at)
