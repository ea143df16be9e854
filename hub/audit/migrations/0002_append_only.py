"""What is in the audit log stays as it is, whoever asks: a trigger refuses every change of a row.

Where the application's role does not own its tables, it should get no more than SELECT and INSERT here (README).
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log can only be added to.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_append_only();
REVOKE UPDATE, DELETE ON audit_auditentry FROM PUBLIC;
"""
BACKWARDS = "DROP TRIGGER audit_append_only ON audit_auditentry; DROP FUNCTION audit_append_only();"


class Migration(migrations.Migration):
    """Append-only."""

    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
