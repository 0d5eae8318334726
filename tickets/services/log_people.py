"""The anonymous people of an imported log as members of one client's team."""

from tenants.models import Membership, Tenant, User
from tenants.roles import Role

DESKS = {
    "L1": Role.SERVICE_DESK,
    "L2": Role.OPERATIONS_ENGINEER,
    "L3": Role.MAINTENANCE_ENGINEER,
}
LAST_ON_DUTY = 1000  # nobody from a log is the named person of a desk


class LogPeople:
    """Finds or makes the members a log names; nobody of them can sign in."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        members = Membership.objects.exclude(source_key="").select_related("user")
        self.members = {(m.source_key, m.role): m for m in members}
        self.users = {m.user.email: m.user for m in members}

    def requester(self, caller: str | None) -> Membership:
        return self._member(caller or "Unknown caller", Role.REQUESTER)

    def holder(self, group: str | None, person: str | None, tier: str) -> Membership:
        """Return the person of a tier; a group without one is stood for by its duty person."""
        name = person or (f"{group} duty" if group else "Service desk duty")
        return self._member(name, DESKS[tier])

    def _member(self, name: str, role: str) -> Membership:
        if member := self.members.get((name, role)):
            return member
        member = self.members[name, role] = Membership.objects.create(
            tenant=self.tenant,
            user=self._user(name),
            role=role,
            source_key=name,
            duty_order=LAST_ON_DUTY,
        )
        return member

    def _user(self, name: str) -> User:
        email = f"{'-'.join(name.lower().split())}@{self.tenant.code.lower()}.log.example"
        if (user := self.users.get(email)) is None:
            user = self.users[email] = User.objects.create(
                email=email,
                name=name,
                is_active=False,
                password="!",  # noqa: S106 - nobody can sign in
            )
        return user
