"""What happened becomes events for webhooks in the transaction of the fact, whoever writes it.

Row triggers look at the columns that matter only, so that the hot updates of connections and charges cost nothing.
Where nobody listens, each costs one look into an index that is empty.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

EVENTS = [
    ("command.changed", "Commands: sent, answered, effect"),
    ("charge.started", "Charges that begin"),
    ("charge.ended", "Charges that end"),
    ("connector.status", "Status of connectors"),
    ("charge-point.connected", "Chargers that connect"),
    ("charge-point.disconnected", "Chargers that disconnect"),
    ("webhook.test", "Test event"),
]

FORWARDS = """
CREATE FUNCTION webhook_moment(at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- One delivery for each webhook that is told of this charge point. A rebuild says `hub.untold`: it tells no news.
-- In plpgsql, because that keeps its plan; a function in SQL is planned anew at each call.
CREATE FUNCTION webhook_tell(what text, point bigint, at timestamptz, facts jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH heard AS MATERIALIZED (
        SELECT gen_random_uuid() AS id, w.id AS webhook, p.name, p.identity, s.id AS site, s.name AS site_name,
            t.id AS team, t.name AS team_name, o.id AS organisation, o.name AS organisation_name
        FROM chargepoints_chargepoint p
        JOIN chargepoints_site s ON s.id = p.site_id
        JOIN teams_team t ON t.id = s.team_id
        JOIN teams_organisation o ON o.id = t.organisation_id
        JOIN chargepoints_webhook w ON w.organisation_id = o.id AND (w.team_id IS NULL OR w.team_id = t.id)
        WHERE p.id = point AND w.is_active AND w.events @> ARRAY[what]::varchar[]
            AND current_setting('hub.untold', true) IS DISTINCT FROM 'on'
    )
    INSERT INTO chargepoints_webhookdelivery (id, webhook_id, event, body, state, tries, next_at, created_at, error,
        answer)
    SELECT id, webhook, what, jsonb_build_object(
            'id', id, 'type', what, 'api_version', 'v1', 'occurred_at', webhook_moment(at),
            'organisation', jsonb_build_object('id', organisation, 'name', organisation_name),
            'charge_point', jsonb_build_object('id', point, 'name', name, 'identity', NULLIF(identity, ''),
                'site', jsonb_build_object('id', site, 'name', site_name),
                'team', jsonb_build_object('id', team, 'name', team_name)),
            'data', facts),
        'waiting', 0, clock_timestamp(), clock_timestamp(), '', ''
    FROM heard;
END $$;

CREATE FUNCTION webhook_connection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM chargepoints_webhook WHERE is_active) THEN
        PERFORM webhook_tell(
            CASE WHEN NEW.is_connected THEN 'charge-point.connected' ELSE 'charge-point.disconnected' END,
            NEW.charge_point_id,
            COALESCE(CASE WHEN NEW.is_connected THEN NEW.connected_at ELSE NEW.disconnected_at END, clock_timestamp()),
            jsonb_build_object('is_connected', NEW.is_connected, 'connected_at', webhook_moment(NEW.connected_at),
                'disconnected_at', webhook_moment(NEW.disconnected_at), 'subprotocol', NULLIF(NEW.subprotocol, ''),
                'remote_address', NULLIF(NEW.remote_address, ''), 'security_profile', NEW.security_profile,
                'close_code', NEW.close_code, 'close_reason', NULLIF(NEW.close_reason, '')));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_connection AFTER UPDATE OF is_connected, generation ON chargepoints_connection FOR EACH ROW
    WHEN (OLD.is_connected IS DISTINCT FROM NEW.is_connected
        OR NEW.is_connected AND OLD.generation IS DISTINCT FROM NEW.generation)
    EXECUTE FUNCTION webhook_connection();

CREATE FUNCTION webhook_charge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM chargepoints_webhook WHERE is_active) THEN
        PERFORM webhook_tell(
            CASE WHEN NEW.state IN ('starting', 'charging', 'paused', 'stopping') THEN 'charge.started'
                ELSE 'charge.ended' END,
            NEW.charge_point_id, clock_timestamp(),
            jsonb_build_object('id', NEW.id, 'transaction_id', NEW.transaction_id,
                'connector', (SELECT k.number FROM chargepoints_connector k WHERE k.id = NEW.connector_id),
                'state', NEW.state, 'verdict', NULLIF(NEW.verdict, ''),
                'id_tag_end', CASE WHEN length(NEW.id_tag) > 4 THEN right(NEW.id_tag, 4) END,
                'started_at', webhook_moment(NEW.started_at), 'ended_at', webhook_moment(NEW.ended_at),
                'meter_start_wh', NEW.meter_start_wh, 'meter_stop_wh', NEW.meter_stop_wh, 'energy_wh', NEW.energy_wh,
                'stop_reason', NULLIF(NEW.stop_reason, ''), 'needs_review', NULLIF(NEW.needs_review, '')));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_charge_made AFTER INSERT ON chargepoints_charge FOR EACH ROW
    WHEN (NEW.state NOT IN ('reserved', 'scheduled')) EXECUTE FUNCTION webhook_charge();
-- It begins, it ends; or more becomes known of its end: that it failed, or its own stop after Hub had closed it.
CREATE TRIGGER webhook_charge_moved AFTER UPDATE OF state, stop_received_at ON chargepoints_charge FOR EACH ROW
    WHEN (NEW.state NOT IN ('reserved', 'scheduled') AND (
        OLD.state IN ('reserved', 'scheduled')
        OR (OLD.state IN ('starting', 'charging', 'paused', 'stopping'))
            IS DISTINCT FROM (NEW.state IN ('starting', 'charging', 'paused', 'stopping'))
        OR NEW.state IN ('cancelled', 'failed') AND OLD.state IS DISTINCT FROM NEW.state
        OR NEW.state NOT IN ('starting', 'charging', 'paused', 'stopping')
            AND OLD.stop_received_at IS DISTINCT FROM NEW.stop_received_at))
    EXECUTE FUNCTION webhook_charge();

CREATE FUNCTION webhook_command() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM chargepoints_webhook WHERE is_active) THEN
        PERFORM webhook_tell('command.changed', NEW.charge_point_id, clock_timestamp(),
            jsonb_build_object('id', NEW.id, 'kind', NEW.kind, 'status', NEW.status, 'effect', NULLIF(NEW.effect, ''),
                'connector', NEW.connector_number, 'charge', NEW.charge_id, 'parent', NEW.parent_id,
                'author', NEW.author_name, 'reason', NULLIF(NEW.reason, ''),
                'created_at', webhook_moment(NEW.created_at), 'sent_at', webhook_moment(NEW.sent_at),
                'answered_at', webhook_moment(NEW.answered_at), 'answer', NULLIF(NEW.answer, ''),
                'effect_at', webhook_moment(NEW.effect_at), 'effect_text', NULLIF(NEW.effect_text, '')));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_command_made AFTER INSERT ON chargepoints_command FOR EACH ROW
    EXECUTE FUNCTION webhook_command();
-- That it is on its way to a gateway is nobody's business.
CREATE TRIGGER webhook_command_moved AFTER UPDATE OF status, effect ON chargepoints_command FOR EACH ROW
    WHEN (OLD.effect IS DISTINCT FROM NEW.effect
        OR OLD.status IS DISTINCT FROM NEW.status AND NEW.status <> 'dispatched')
    EXECUTE FUNCTION webhook_command();

-- Status changes come in batches, by COPY: one call for all of them.
CREATE FUNCTION webhook_status() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE told record;
BEGIN
    IF NOT EXISTS (SELECT FROM chargepoints_webhook WHERE is_active AND events @> '{connector.status}'::varchar[]) THEN
        RETURN NULL;
    END IF;
    FOR told IN SELECT n.* FROM made n
        JOIN chargepoints_chargepoint p ON p.id = n.charge_point_id
        JOIN chargepoints_site s ON s.id = p.site_id
        JOIN teams_team t ON t.id = s.team_id
        WHERE EXISTS (SELECT FROM chargepoints_webhook w WHERE w.is_active AND w.organisation_id = t.organisation_id)
        ORDER BY n.received_at, n.id
    LOOP
        PERFORM webhook_tell('connector.status', told.charge_point_id, told.received_at,
            jsonb_build_object('id', told.id, 'connector', told.connector_number, 'status', told.status,
                'raw_status', NULLIF(told.raw_status, ''), 'error_code', NULLIF(told.error_code, ''),
                'vendor_error_code', NULLIF(told.vendor_error_code, ''), 'info', NULLIF(told.info, ''),
                'received_at', webhook_moment(told.received_at), 'reported_at', webhook_moment(told.reported_at)));
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_status AFTER INSERT ON chargepoints_statuschange REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION webhook_status();
"""
BACKWARDS = """
DROP TRIGGER webhook_status ON chargepoints_statuschange;
DROP TRIGGER webhook_command_moved ON chargepoints_command;
DROP TRIGGER webhook_command_made ON chargepoints_command;
DROP TRIGGER webhook_charge_moved ON chargepoints_charge;
DROP TRIGGER webhook_charge_made ON chargepoints_charge;
DROP TRIGGER webhook_connection ON chargepoints_connection;
DROP FUNCTION webhook_status, webhook_command, webhook_charge, webhook_connection, webhook_tell, webhook_moment;
"""


class Migration(migrations.Migration):
    """Two secrets while one is rotated, one sender at a time, and the triggers."""

    dependencies = [("chargepoints", "0019_batch_resumed")]

    operations = [
        migrations.RemoveIndex(model_name="webhookdelivery", name="delivery_waiting"),
        migrations.AddField(
            model_name="webhook",
            name="previous_secret",
            field=models.CharField(blank=True, default="", editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name="webhook",
            name="previous_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="webhook",
            name="sending_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="webhook",
            name="events",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(choices=EVENTS, max_length=32),
                help_text="Which events it is told.",
                size=None,
            ),
        ),
        migrations.AlterField(
            model_name="webhookdelivery",
            name="event",
            field=models.CharField(choices=EVENTS, max_length=32),
        ),
        # No constraint: a webhook that is deleted must not fail the transaction that writes an event for it.
        migrations.AlterField(
            model_name="webhookdelivery",
            name="webhook",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="chargepoints.webhook",
            ),
        ),
        migrations.AddIndex(
            model_name="webhook",
            index=models.Index(condition=models.Q(("is_active", True)), fields=["organisation"], name="webhook_active"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["webhook", "next_at"], name="delivery_due"
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
