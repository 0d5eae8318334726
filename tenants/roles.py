"""The seven desks of an outsourcing contract, and who counts as vendor and as client."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    REQUESTER = "requester", _("Requester")
    SERVICE_OWNER = "service_owner", _("Service owner")
    SERVICE_DESK = "service_desk", _("Service desk (L1)")
    OPERATIONS_ENGINEER = "operations_engineer", _("Operations engineer (L2)")
    MAINTENANCE_ENGINEER = "maintenance_engineer", _("Maintenance engineer (L3)")
    BRIDGE_SE = "bridge_se", _("Bridge SE")
    ACCOUNT_MANAGER = "account_manager", _("Account manager")


CLIENT = frozenset({Role.REQUESTER, Role.SERVICE_OWNER})
VENDOR = frozenset(Role) - CLIENT
TIERS = {
    Role.SERVICE_DESK: "L1",
    Role.OPERATIONS_ENGINEER: "L2",
    Role.MAINTENANCE_ENGINEER: "L3",
    Role.BRIDGE_SE: "PMO",
    Role.ACCOUNT_MANAGER: "PMO",
}
