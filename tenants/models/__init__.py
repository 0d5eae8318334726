from tenants.models.account import (
    Beat,
    LinkKind,
    MailedLink,
    RecoveryCode,
    SecondFactor,
    Session,
    SignOn,
    Throttle,
)
from tenants.models.audit import AuditEvent, AuditLink
from tenants.models.hook import Hook, HookMessage
from tenants.models.idempotency import IdempotencyKey
from tenants.models.invitation import Invitation
from tenants.models.job import Job, JobState
from tenants.models.membership import Membership
from tenants.models.owned import (
    Addressable,
    AppendOnly,
    Guard,
    TenantForeignKey,
    TenantOwned,
)
from tenants.models.tenant import Tenant
from tenants.models.token import ApiToken, Verb
from tenants.models.user import User

__all__ = [
    "Addressable",
    "ApiToken",
    "AppendOnly",
    "AuditEvent",
    "AuditLink",
    "Beat",
    "Guard",
    "Hook",
    "HookMessage",
    "IdempotencyKey",
    "Invitation",
    "Job",
    "JobState",
    "LinkKind",
    "MailedLink",
    "Membership",
    "RecoveryCode",
    "SecondFactor",
    "Session",
    "SignOn",
    "Tenant",
    "TenantForeignKey",
    "TenantOwned",
    "Throttle",
    "User",
    "Verb",
]
