from contracts.models.contract import Contract, ContractStatus, ContractVersion
from contracts.models.period import Period, PeriodState

__all__ = ["Contract", "ContractStatus", "ContractVersion", "Period", "PeriodState"]
