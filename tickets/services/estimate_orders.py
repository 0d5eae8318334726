"""The client's purchase order as it came: kept with the acceptance that it stands for."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership
from tenants.roles import Role
from tickets.models import Estimate, EstimateAcceptance, PurchaseOrderFile
from tickets.services.attachments import FIELD, StoredFile, check_count, check_stored
from tickets.services.estimate_steps import record
from tickets.services.guard import command, lock


@command
def attach_order(
    *, estimate: Estimate, actor: Membership, files: Sequence[StoredFile], now: datetime
) -> Estimate:
    """
    Attach the file of the client's purchase order to the acceptance that was last recorded with one.

    :raises NotPermitted: unless `actor` is an account manager of this client.
    :raises Refused: if no purchase order was recorded.
    :raises Invalid: if there is no file, or they are too many or were used before.
    """
    if actor.role != Role.ACCOUNT_MANAGER or actor.tenant_id != estimate.tenant_id:
        raise NotPermitted(_("Only an account manager records the client's purchase order."))
    lock(estimate.ticket_id)
    estimate = Estimate.objects.select_related("revision", "ticket").get(pk=estimate.pk)
    by_order = EstimateAcceptance.Authority.PURCHASE_ORDER
    acceptance = estimate.acceptances.filter(authority=by_order).last()
    if acceptance is None:
        raise Refused(_("No purchase order is recorded for this estimate."))
    if not files:
        raise Invalid(_("Choose the file of the purchase order."), field=FIELD)
    keep_order(acceptance, estimate, files, actor, now)
    return estimate


def keep_order(
    acceptance: EstimateAcceptance,
    estimate: Estimate,
    files: Sequence[StoredFile],
    actor: Membership,
    now: datetime,
) -> None:
    """Write stored files down, inside a command that has locked the ticket."""
    if acceptance.authority != EstimateAcceptance.Authority.PURCHASE_ORDER:
        raise Invalid(_("A file comes with a purchase order only."), field=FIELD)
    check_count(acceptance.files.count() + len(files))
    check_stored(estimate.ticket, files)
    for file in files:
        row = PurchaseOrderFile.objects.create(
            tenant_id=acceptance.tenant_id,
            acceptance=acceptance,
            name=file.name,
            key=file.key,
            size=file.size,
            sha256=file.sha256,
            by=actor,
            at=now,
        )
        record(
            estimate,
            "order_attached",
            actor=actor,
            now=now,
            purchase_order=acceptance.purchase_order,
            name=row.name,
            size=row.size,
            sha256=row.sha256,
        )
