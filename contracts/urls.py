"""The routes of contracts, each by its public id."""

from django.contrib.auth.decorators import login_required
from django.urls import path

from contracts import views

app_name = "contracts"
urlpatterns = [
    path("", login_required(views.contract_list), name="list"),
    path("<slug:public_id>/", login_required(views.contract_page), name="page"),
]
