"""What the database says about itself."""

from django.db import connection

NAMES = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "jit")


def settings() -> str:
    """The settings that matter for the figures, in one line."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s) ORDER BY name", [list(NAMES)])
        return "PostgreSQL " + ", ".join(f"{name} {value}" for name, value in cursor.fetchall())
