-- Up Migration

CREATE TABLE audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  actor_id text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  outcome text NOT NULL CONSTRAINT audit_log_outcome_is_known CHECK (
    outcome IN ('ok', 'denied', 'invalid', 'not_found', 'upstream_unavailable', 'upstream_timeout', 'failed')
  )
);

-- What was written stays: also for the owner of the table, who could otherwise change it by a plain statement.
CREATE FUNCTION refuse_change_of_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_log is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END;
$$;

CREATE TRIGGER audit_log_is_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_log();
