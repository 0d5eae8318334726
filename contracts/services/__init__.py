from contracts.services.activation import activate_version, hindrances
from contracts.services.bought_hours import buy_hours
from contracts.services.contracts import (
    DraftMovedOn,
    add_version,
    create_contract,
    replace_draft,
    version_in_force,
    writes_drafts,
)
from contracts.services.life import end_contract, renew_contract
from contracts.services.periods import close_period, period_at, period_for_work, period_of

__all__ = [
    "DraftMovedOn",
    "activate_version",
    "add_version",
    "buy_hours",
    "close_period",
    "create_contract",
    "end_contract",
    "hindrances",
    "period_at",
    "period_for_work",
    "period_of",
    "renew_contract",
    "replace_draft",
    "version_in_force",
    "writes_drafts",
]
