from django.urls import path
from rest_framework.routers import SimpleRouter

from reports import urls  # noqa: F401 - registers the month in an address
from reports.api.viewsets import ReportViewSet

router = SimpleRouter(use_regex_path=False)
router.register("reports", ReportViewSet, basename="report")
urlpatterns = [
    path(
        "reports/draft/<slug:contract>/<month:month>/",
        ReportViewSet.as_view({"get": "draft"}),
        name="report-draft",
    ),
    path(
        "reports/<slug:public_id>/facts/",
        ReportViewSet.as_view({"get": "facts"}),
        name="report-facts",
    ),
    *router.urls,
]
