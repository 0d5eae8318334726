from django.urls import path

from tenants.api.viewsets import MemberViewSet, MeViewSet

urlpatterns = [
    path("me/", MeViewSet.as_view({"get": "me"}), name="me"),
    path("members/", MemberViewSet.as_view({"get": "list"}), name="member-list"),
]
