"""The addresses of sign-in and account."""

from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, path
from django.views.generic import RedirectView

from hub.account.middleware import open_without_second_factor
from hub.account.views import account, password, second_factor, sign_in

urlpatterns: list[URLPattern] = [
    path("login/", sign_in.login, name="login"),
    path("login/code/", sign_in.login_code, name="login_code"),
    path("admin/login/", sign_in.admin_login),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_password")),
    path("logout/", open_without_second_factor(LogoutView.as_view()), name="logout"),
    path("password-reset/", password.reset, name="password_reset"),
    path("password-reset/sent/", password.reset_done, name="password_reset_done"),
    path("password-reset/<uidb64>/<token>/", password.reset_confirm, name="password_reset_confirm"),
    path("account/", account.account, name="account"),
    path("account/password/", password.change, name="account_password"),
    path("account/second-factor/", second_factor.second_factor, name="second_factor"),
    path("account/second-factor/off/", second_factor.second_factor_remove, name="second_factor_off"),
    path("account/second-factor/recovery-codes/", second_factor.recovery_codes, name="recovery_codes"),
    path("account/sessions/<int:pk>/end/", account.session_end, name="session_end"),
    path("account/sessions/end-others/", account.sessions_end_others, name="sessions_end_others"),
]
