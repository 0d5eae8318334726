from contracts.models.bought_hours import BoughtHours
from contracts.models.contract import Contract, ContractStatus, ContractVersion
from contracts.models.life import ContractReminder, ContractRenewal
from contracts.models.overage import AgreedOverage
from contracts.models.period import Period, PeriodState

__all__ = [
    "AgreedOverage",
    "BoughtHours",
    "Contract",
    "ContractReminder",
    "ContractRenewal",
    "ContractStatus",
    "ContractVersion",
    "Period",
    "PeriodState",
]
