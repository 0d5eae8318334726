"""The routes of reports: the list, one report by its public id, a draft of a contract's month."""

from django.contrib.auth.decorators import login_required
from django.urls import path, register_converter

from reports import views
from reports.converters import MonthConverter

register_converter(MonthConverter, "month")

app_name = "reports"
urlpatterns = [
    path("", login_required(views.report_list), name="list"),
    path("draft/<slug:contract>/<month:month>/", login_required(views.report_draft), name="draft"),
    path("<slug:public_id>/", login_required(views.report_page), name="page"),
]
