"""The routes of what people are told in the portal."""

from django.contrib.auth.decorators import login_required
from django.urls import path

from tickets.views import notices

app_name = "notices"
urlpatterns = [
    path("", login_required(notices.notice_list), name="list"),
    path("bell/", login_required(notices.bell), name="bell"),
    path("choices/", login_required(notices.choices), name="choices"),
    path("read-all/", login_required(notices.read_all), name="read-all"),
    path("<slug:public_id>/open/", login_required(notices.notice_open), name="open"),
    path("<slug:public_id>/mark/", login_required(notices.notice_mark), name="mark"),
]
