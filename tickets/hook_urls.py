"""The doors for machines: no session, each message proves itself."""

from django.urls import path

from tickets.views import hooks

app_name = "hooks"
urlpatterns = [
    path("alerts/<slug:public_id>/", hooks.alerts, name="alerts"),
    path("mail/<slug:public_id>/", hooks.mail, name="mail"),
]
