from django.urls import path
from rest_framework.routers import SimpleRouter

from tickets.api.check import CheckViewSet
from tickets.api.estimates import EstimateViewSet
from tickets.api.overage import OverageViewSet
from tickets.api.patterns import PatternViewSet
from tickets.api.viewsets import TicketViewSet

router = SimpleRouter(use_regex_path=False)
router.register("tickets", TicketViewSet, basename="ticket")
router.register("estimates", EstimateViewSet, basename="estimate")
router.register("overage", OverageViewSet, basename="overage")
router.register("patterns", PatternViewSet, basename="pattern")
urlpatterns = [
    *router.urls,
    path(
        "contracts/<slug:public_id>/check/",
        CheckViewSet.as_view({"post": "check"}),
        name="contract-check",
    ),
]
