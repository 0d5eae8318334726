from tenants.models.audit import AuditEvent, AuditLink
from tenants.models.job import Job, JobState
from tenants.models.membership import Membership
from tenants.models.owned import Addressable, AppendOnly, TenantForeignKey, TenantOwned
from tenants.models.tenant import Tenant
from tenants.models.user import User

__all__ = [
    "Addressable",
    "AppendOnly",
    "AuditEvent",
    "AuditLink",
    "Job",
    "JobState",
    "Membership",
    "Tenant",
    "TenantForeignKey",
    "TenantOwned",
    "User",
]
