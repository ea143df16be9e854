"""The ledger can only be added to, each movement sums up to zero, and a line moves the balance of its account."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger can only be added to.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON chargepoints_ledgermovement
    FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON chargepoints_ledgerline
    FOR EACH ROW EXECUTE FUNCTION ledger_append_only();

CREATE FUNCTION ledger_line_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE chargepoints_ledgeraccount SET balance = balance + NEW.amount WHERE id = NEW.account_id;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_line_added AFTER INSERT ON chargepoints_ledgerline
    FOR EACH ROW EXECUTE FUNCTION ledger_line_added();

CREATE FUNCTION ledger_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text;
BEGIN
    SELECT a.currency INTO wrong FROM chargepoints_ledgerline l JOIN chargepoints_ledgeraccount a ON a.id = l.account_id
    WHERE l.movement_id = NEW.movement_id GROUP BY a.currency HAVING sum(l.amount) <> 0 LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'Ledger movement % does not sum up to zero in %.', NEW.movement_id, wrong
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_balanced AFTER INSERT ON chargepoints_ledgerline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balanced();
"""
BACKWARDS = """
DROP TRIGGER ledger_balanced ON chargepoints_ledgerline;
DROP TRIGGER ledger_line_added ON chargepoints_ledgerline;
DROP TRIGGER ledger_append_only ON chargepoints_ledgerline;
DROP TRIGGER ledger_append_only ON chargepoints_ledgermovement;
DROP FUNCTION ledger_balanced, ledger_line_added, ledger_append_only;
"""


class Migration(migrations.Migration):
    """Rules that hold whoever writes."""

    dependencies = [("chargepoints", "0010_money")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
