from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from portal.accounts.sign_in import note_session

        user_logged_in.connect(note_session, dispatch_uid="portal.accounts.session")
