class OwnerMigrates:
    """Tables are made by the owner's connection only; the app's role cannot create any."""

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool:
        return db == "owner"
