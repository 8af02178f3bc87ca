-- Up Migration

CREATE TABLE audit_log (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- Milliseconds, because a cursor carries this time through JavaScript and must compare equal afterwards.
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  actor_id text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  outcome text NOT NULL CONSTRAINT audit_log_outcome_is_known CHECK (
    outcome IN ('ok', 'denied', 'invalid', 'not_found', 'upstream_unavailable', 'upstream_timeout', 'failed')
  )
);

CREATE INDEX audit_log_by_time ON audit_log (at DESC, id DESC);

-- What was written stays, also for the owner of the table, whom no missing privilege would stop.
CREATE FUNCTION refuse_change_of_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_log is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END;
$$;

CREATE TRIGGER audit_log_is_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_log();
