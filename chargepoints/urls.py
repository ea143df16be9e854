"""The desk's pages."""

from django.urls import URLPattern, path

from chargepoints.views import (
    actions,
    charge_point,
    commands,
    configuration,
    drivers,
    invitations,
    log,
    members,
    overview,
)

urlpatterns: list[URLPattern] = [
    path("", overview.overview, name="overview"),
    path("overview/<slug:panel>/", overview.overview_panel, name="overview_panel"),
    path("charge-points/<int:pk>/", charge_point.charge_point, name="charge_point"),
    path("charge-points/<int:pk>/panels/<slug:panel>/", charge_point.charge_point_panel, name="panel"),
    path("charge-points/<int:pk>/status-log/", charge_point.status_log, name="charge_point_status_log"),
    path("charge-points/<int:pk>/integration/", charge_point.integration, name="charge_point_integration"),
    path("charge-points/<int:pk>/configuration/", configuration.configuration, name="charge_point_configuration"),
    path("charge-points/<int:pk>/findings/", charge_point.findings, name="charge_point_findings"),
    path("charge-points/<int:pk>/actions/<slug:kind>/", actions.action, name="action"),
    path("charge-points/<int:pk>/keys/", drivers.keys, name="keys"),
    path("commands/<uuid:pk>/", commands.command, name="command"),
    path("people/", members.people, name="people"),
    path("people/invite/", members.invite, name="invite"),
    path("people/<int:pk>/", members.member, name="member"),
    path("people/<int:pk>/remove/", members.member_end, name="member_remove"),
    path("people/<int:pk>/second-factor/", members.member_second_factor, name="member_second_factor"),
    path("people/organisations/<int:pk>/", members.second_factor_required, name="second_factor_required"),
    path("people/invitations/<int:pk>/resend/", members.invitation_again, name="invitation_resend"),
    path("people/invitations/<int:pk>/revoke/", members.invitation_end, name="invitation_revoke"),
    path("invitations/join/", invitations.invitation_join, name="invitation_join"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
    *log.urlpatterns,
]
