from django.urls import path
from rest_framework.routers import SimpleRouter

from reports import urls  # noqa: F401 - registers the month in an address
from reports.api.incidents import IncidentViewSet
from reports.api.life import MonthViewSet, RemarkViewSet
from reports.api.viewsets import ReportViewSet

router = SimpleRouter(use_regex_path=False)
router.register("reports", ReportViewSet, basename="report")
router.register("remarks", RemarkViewSet, basename="remark")
router.register("incident-reports", IncidentViewSet, basename="incident-report")
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
    path(
        "contracts/<slug:contract>/months/<month:month>/close/",
        MonthViewSet.as_view({"post": "close"}),
        name="month-close",
    ),
    *router.urls,
]
