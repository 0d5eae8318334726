"""Version 1 of the API, which each app brings its resources to, and its description."""

from django.contrib.auth.decorators import login_required
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from portal.api.administration import ClientViewSet, JobViewSet, SeatViewSet
from portal.api.docs import docs

router = SimpleRouter(use_regex_path=False)
router.register("clients", ClientViewSet, basename="client")
router.register("members", SeatViewSet, basename="seat")
router.register("jobs", JobViewSet, basename="job")

v1 = [
    path("", include("tenants.api.urls")),
    path("", include("tickets.api.urls")),
    path("", include("contracts.api.urls")),
    path("", include("reports.api.urls")),
    path("", include(router.urls)),
]
urlpatterns = [
    path("v1/", include((v1, "api"))),
    path("docs/", login_required(docs), name="api-docs"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
]
