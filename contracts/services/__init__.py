from contracts.services.contracts import (
    activate_version,
    add_version,
    create_contract,
    version_in_force,
)
from contracts.services.periods import close_period, period_at, period_for_work, period_of

__all__ = [
    "activate_version",
    "add_version",
    "close_period",
    "create_contract",
    "period_at",
    "period_for_work",
    "period_of",
    "version_in_force",
]
