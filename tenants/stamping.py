"""
The scope reaches the database: one `set_config(..., true)` a transaction.

Row security reads `app.tenants` and `app.user`. They are local to the transaction, so a pooled
connection cannot carry them to the next borrower. The wrapper compares what the transaction was
told with what the context says now; going back to a savepoint takes back what was told since, so
after it the transaction is told again.
"""

from psycopg.pq import TransactionStatus

from tenants import scoping

BACK_TO_SAVEPOINT = "ROLLBACK TO"


def wanted() -> tuple[str, str]:
    """Return the two settings as text; an empty one means that nobody said."""
    active, user = scoping.active_tenants(), scoping.acting_user()
    tenants = "" if active is None else "{%s}" % ",".join(map(str, sorted(active)))
    return tenants, "" if user is None else str(user)


class StampScope:
    """An execute wrapper of one Django connection."""

    def __init__(self, connection) -> None:
        self.connection = connection
        self.told: tuple[str, str] | None = None

    def __call__(self, execute, sql, params, many, context):
        if self.connection.in_atomic_block:
            self.stamp_transaction()
        try:
            return execute(sql, params, many, context)
        finally:
            if isinstance(sql, str) and sql.lstrip()[:11].upper() == BACK_TO_SAVEPOINT:
                self.told = None

    def stamp_transaction(self) -> None:
        raw = self.connection.connection
        status = raw.info.transaction_status
        if status == TransactionStatus.INERROR:
            return  # only a rollback can follow
        now = wanted()
        if status != TransactionStatus.IDLE and self.told == now:
            return
        self.told = None
        with self.connection.wrap_database_errors:
            raw.execute(
                "SELECT set_config('app.tenants', %s, true), set_config('app.user', %s, true)", now
            )
        self.told = now


def install(sender, connection, **kwargs) -> None:
    """Put the wrapper on a new connection; a reconnect keeps one wrapper."""
    if connection.vendor != "postgresql":
        return
    if not any(isinstance(w, StampScope) for w in connection.execute_wrappers):
        connection.execute_wrappers.append(StampScope(connection))
