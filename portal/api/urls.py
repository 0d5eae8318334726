"""Version 1 of the API, which each app brings its resources to, and its description."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

v1 = [
    path("", include("tenants.api.urls")),
    path("", include("tickets.api.urls")),
    path("", include("contracts.api.urls")),
    path("", include("reports.api.urls")),
]
urlpatterns = [
    path("v1/", include((v1, "api"))),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
]
