"""A month's routine tasks by hand."""

from datetime import UTC, date, datetime, timedelta

from reports.domain.routines import Run, routines

END = datetime(2026, 4, 30, 15, tzinfo=UTC)
CLOSES = datetime(2026, 4, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def run(done_at: datetime | None, title: str = "Backup", closes_at=CLOSES, proofs: int = 1) -> Run:
    return Run(title, "backup", "core", date(2026, 4, 8), closes_at, done_at, proofs)


def test_each_run_is_on_time_late_or_missed():
    figures = routines(
        [run(CLOSES - HOUR), run(CLOSES), run(None), run(CLOSES - HOUR, "Logs")], END
    )

    assert (figures.due, figures.on_time, figures.late, figures.missed) == (4, 2, 1, 1)
    backup, logs = figures.rows
    assert (backup.due, backup.on_time, backup.late, backup.missed) == (3, 1, 1, 1)
    assert (backup.proofs, logs.proofs) == (2, 1)
    assert [miss.done_at for miss in figures.misses] == [CLOSES, None]


def test_what_was_done_after_the_month_was_missed_in_it():
    figures = routines([run(END + HOUR)], END)

    assert (figures.missed, figures.misses[0].done_at) == (1, None)


def test_a_run_that_has_not_ended_is_not_due():
    assert routines([run(None, closes_at=END + HOUR)], END).due == 0
