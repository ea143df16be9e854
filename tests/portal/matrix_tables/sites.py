"""Sites, the organisation, its people and its API keys."""

from tests.portal.matrix_tables.line import ADMINS, ANYBODY, EDITORS, EVERY, NOT_BOB, UNSEEN_BY_BOB, Url, desk

# A token that `matrix_objects` puts into an invitation.
TOKEN = "an-invitation-of-the-matrix"

SITES = [
    Url("sites", get=EVERY),
    Url("site_new", get=EDITORS, post=EDITORS, but=NOT_BOB),
    desk("site", of="site"),
    desk("site_panel", of="site", panel="kpis"),
    desk("site_panel", of="site", panel="attention"),
    Url("site_edit", of="site", get=EDITORS, post=EDITORS),
    Url("site_archive", of="site", get=EDITORS, post=EDITORS),
    Url("site_restore", of="site", post=EDITORS),
    Url("site_restore", of="archived_site", post=EDITORS, but=UNSEEN_BY_BOB),
]
ORGANISATION = [
    Url("organisation", get=ADMINS),
    Url("organisation_edit", of="organisation", get=ADMINS, post=ADMINS, but=UNSEEN_BY_BOB),
    Url("team_new", of="organisation", get=ADMINS, post=ADMINS, but=UNSEEN_BY_BOB),
    Url("team_edit", of="team", get=ADMINS, post=ADMINS, but=UNSEEN_BY_BOB),
    Url("team_remove", of="team", get=ADMINS, post=ADMINS, but=UNSEEN_BY_BOB),
]
PEOPLE = [
    Url("people", get=ADMINS),
    Url("invite", get=ADMINS, post=ADMINS),
    Url("member", of="member", get=ADMINS, post=ADMINS, early=True),
    Url("member_remove", of="member", get=ADMINS, post=ADMINS, early=True),
    Url("member_second_factor", of="member", post=ADMINS, early=True),
    Url("second_factor_required", of="organisation", post=ADMINS, early=True),
    Url("invitation_resend", of="invitation", post=ADMINS, early=True),
    Url("invitation_revoke", of="invitation", post=ADMINS, early=True),
    Url("invitation", more={"token": TOKEN}, get=ANYBODY),
    Url("invitation_join", after=f"/invitations/{TOKEN}/", get=ANYBODY, post=ANYBODY),
    Url("api_keys", get=ADMINS),
    Url("api_key_new", get=ADMINS, post=ADMINS),
    Url("api_key_revoke", of="api_key", get=ADMINS, post=ADMINS, refused=404),
]
