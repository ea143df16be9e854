"""Webhooks: like API keys, of admins only, and not there for anybody else."""

from tests.portal.matrix_tables.line import ADMINS, Url

WEBHOOKS = [
    Url("webhooks", get=ADMINS),
    Url("webhook_new", get=ADMINS, post=ADMINS),
    Url("webhook_guide", get=ADMINS),
    Url("webhook", of="webhook", get=ADMINS, refused=404),
    Url("webhook_edit", of="webhook", get=ADMINS, post=ADMINS, refused=404),
    Url("webhook_switch", of="webhook", post=ADMINS, refused=404),
    Url("webhook_test", of="webhook", post=ADMINS, refused=404),
    Url("webhook_secret", of="webhook", get=ADMINS, post=ADMINS, refused=404),
    Url("webhook_replay", of="webhook", get=ADMINS, post=ADMINS, refused=404),
    Url("webhook_delete", of="webhook", get=ADMINS, post=ADMINS, refused=404),
    Url("webhook_delivery", of="webhook_delivery", get=ADMINS, refused=404),
    Url("webhook_delivery_replay", of="webhook_delivery", post=ADMINS, refused=404),
]
