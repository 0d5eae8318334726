"""Small helps of lists across clients: a system's name, what a line of alerts stands for. No queries."""

from django import template

from contracts.system_names import Names, OfSystem
from tickets.models import Alert
from tickets.services.alert_folds import Fold

register = template.Library()


@register.filter
def system_in(row: OfSystem, names: Names | None) -> str:
    """Return the name of the row's system; its key where no contract names it any more."""
    return (names or {}).get((row.tenant_id, row.system), row.system)


@register.filter
def fold_of(folds: dict[int, Fold] | None, alert: Alert) -> Fold | None:
    """Return what the line of an alert stands for; None where it is the only one."""
    fold = (folds or {}).get(alert.pk)
    return fold if fold and fold.alerts > 1 else None
