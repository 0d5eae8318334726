"""The words of a contract, as stored: one enum a word."""

from enum import StrEnum


class WorkStream(StrEnum):
    """Operation keeps today running; maintenance makes tomorrow better."""

    OPERATION = "operation"
    MAINTENANCE = "maintenance"


class Activity(StrEnum):
    """Kinds of work; the last four are those of ISO/IEC 14764."""

    SERVICE_DESK = "service_desk"
    MONITORING = "monitoring"
    INCIDENT_RESPONSE = "incident_response"
    ROUTINE_TASK = "routine_task"
    SECURITY_OPERATION = "security_operation"
    CORRECTIVE = "corrective"
    PREVENTIVE = "preventive"
    ADAPTIVE = "adaptive"
    PERFECTIVE = "perfective"


MAINTENANCE_ACTIVITIES = frozenset(
    {Activity.CORRECTIVE, Activity.PREVENTIVE, Activity.ADAPTIVE, Activity.PERFECTIVE}
)


def stream_of(activity: str) -> WorkStream:
    """
    Return the work stream of `activity`.

    :raises ValueError: if `activity` is not an activity.
    """
    if Activity(activity) in MAINTENANCE_ACTIVITIES:
        return WorkStream.MAINTENANCE
    return WorkStream.OPERATION


class Outcome(StrEnum):
    """Verdicts of the scope; `undecided` waits for an account manager."""

    INCLUDED = "included"
    POOL = "pool"
    PREAPPROVED = "preapproved"
    ESTIMATE = "estimate"
    NOT_PROVIDED = "not_provided"
    UNDECIDED = "undecided"


class Priority(StrEnum):
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class FindingSeverity(StrEnum):
    """How bad a security finding is, the worst first; as CVSS names its bands."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Cause(StrEnum):
    """Known causes; an unknown cause is None, a fact that is missing."""

    DELIVERED_SOFTWARE = "delivered_software"
    CLIENT_CHANGE = "client_change"
    THIRD_PARTY = "third_party"
    INFRASTRUCTURE = "infrastructure"
    REGULATION = "regulation"


class ObligationKind(StrEnum):
    """Clocks of a ticket; `client_decision` is measured only."""

    ACKNOWLEDGE = "acknowledge"
    RESTORE = "restore"
    RESOLVE = "resolve"
    UPDATE = "update"
    PERMANENT_FIX = "permanent_fix"
    INCIDENT_REPORT = "incident_report"
    ESTIMATE = "estimate"
    HANDOFF = "handoff"
    RULING = "ruling"
    CLIENT_DECISION = "client_decision"


class Tier(StrEnum):
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    PMO = "PMO"


class Party(StrEnum):
    VENDOR = "vendor"
    CLIENT = "client"


class Place(StrEnum):
    ONSHORE = "onshore"
    OFFSHORE = "offshore"


class Role(StrEnum):
    """The seven desks of an outsourcing contract."""

    REQUESTER = "requester"
    SERVICE_OWNER = "service_owner"
    SERVICE_DESK = "service_desk"
    OPERATIONS_ENGINEER = "operations_engineer"
    MAINTENANCE_ENGINEER = "maintenance_engineer"
    BRIDGE_SE = "bridge_se"
    ACCOUNT_MANAGER = "account_manager"


CLIENT_ROLES = frozenset({Role.REQUESTER, Role.SERVICE_OWNER})
VENDOR_ROLES = frozenset(Role) - CLIENT_ROLES


class Language(StrEnum):
    JA = "ja"
    EN = "en"
    VI = "vi"


class Commitment(StrEnum):
    """A guarantee pays credits when it is missed; a goal is only reported."""

    GUARANTEE = "guarantee"
    GOAL = "goal"


class FirstMonth(StrEnum):
    PRORATED = "prorated"
    FULL = "full"


class WhenEmpty(StrEnum):
    """What happens to work on an empty pool; all but `bill` hold its minutes."""

    BILL = "bill"
    APPROVE = "approve"
    STOP = "stop"


class TakesEffect(StrEnum):
    """From when an amendment's size of a pool counts; `at_once` is the month in which it starts."""

    NEXT_MONTH = "next_month"
    AT_ONCE = "at_once"


class AtRenewal(StrEnum):
    """What a renewal does to hours that were rolled over before it."""

    KEEP = "keep"
    EXPIRE = "expire"


class RoundingPer(StrEnum):
    ENTRY = "entry"
    TICKET_DAY = "ticket_day"


class TaxOn(StrEnum):
    TOTAL = "total"
    LINE = "line"
