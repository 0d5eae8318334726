"""Signing in, the links by mail, and a person's own settings."""

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LogoutView
from django.urls import path

from portal.accounts import invitations, me, passwords, second_factor, sign_in, sign_on

urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/code/", sign_in.sign_in_code, name="sign-in-code"),
    path("sign-in/sso/", sign_on.go, name="sign-on"),
    path("sign-in/sso/back/", sign_on.come_back, name="sign-on-back"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("password/forgotten/", passwords.forgotten, name="forgotten"),
    path("password/new/", passwords.choose, name="new-password"),
    path("invitation/", invitations.take_seat, name="invitation"),
    path("me/", login_required(me.me), name="me"),
    path("me/password/", login_required(me.password), name="my-password"),
    path("me/sessions/end/", login_required(me.end_sessions), name="end-sessions"),
    path("me/sessions/<slug:public_id>/end/", login_required(me.end_session), name="end-session"),
    path(
        "me/sign-on/<slug:public_id>/remove/",
        login_required(sign_on.take_off),
        name="remove-sign-on",
    ),
    path("me/second-factor/", login_required(second_factor.set_up), name="second-factor"),
    path("me/second-factor/off/", login_required(second_factor.take_off), name="second-factor-off"),
    path("me/second-factor/codes/", login_required(second_factor.new_codes), name="new-codes"),
]
