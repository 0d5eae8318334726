from django.urls import path

from tenants.api.viewsets import MemberViewSet, MeViewSet

urlpatterns = [
    path("me/", MeViewSet.as_view({"get": "me", "patch": "change"}), name="me"),
    path("me/token/", MeViewSet.as_view({"delete": "revoke"}), name="my-token"),
    path("members/", MemberViewSet.as_view({"get": "list"}), name="member-list"),
]
