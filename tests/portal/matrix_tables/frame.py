"""The frame of the portal, signing in, and one's own account."""

from hub.teams.choices import Role
from tests.portal.matrix_tables.line import ANYBODY, EVERY, NOT_SIGNED_IN, Url

# Who is signed in and may not go to the administration is told so; who is not signed in is led to the desk's sign-in.
NOT_STAFF = dict.fromkeys(("bob", "finance", "support", "reader"), "403") | {NOT_SIGNED_IN: "login"}

FRAME = [
    Url("healthz", get=ANYBODY, post=ANYBODY),
    Url("login", get=ANYBODY, post=ANYBODY),
    Url("login_code", get=ANYBODY, post=ANYBODY),
    Url("logout", post=EVERY),
    Url("admin/login/", get=ANYBODY, but=NOT_STAFF),
    Url("admin/password_change/", get=EVERY, post=EVERY),
    Url("password_reset", get=ANYBODY, post=ANYBODY),
    Url("password_reset_done", get=ANYBODY),
    Url("password_reset_confirm", more={"uidb64": "MQ", "token": "set-password"}, get=ANYBODY, post=ANYBODY),
    Url("preferences", post=EVERY),
    Url("health", get=EVERY),
    Url("account", get=EVERY, post=EVERY),
    Url("account_password", get=EVERY, post=EVERY),
    Url("second_factor", get=EVERY, post=EVERY),
    Url("second_factor_off", get=EVERY, post=EVERY),
    Url("recovery_codes", get=EVERY, post=EVERY),
    # Bob's: an Admin does not end it either.
    Url("session_end", of="sign_in", post=frozenset({Role.OPERATIONS}), refused=404),
    Url("sessions_end_others", post=EVERY),
]
