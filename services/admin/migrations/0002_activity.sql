-- Up Migration

CREATE TABLE activity (
  -- Of the event: one that comes again is not written again.
  id uuid PRIMARY KEY,
  at timestamptz(3) NOT NULL,
  type text NOT NULL,
  payment_id uuid NOT NULL,
  user_id text NOT NULL,
  amount bigint NOT NULL,
  refunded_amount bigint NOT NULL,
  currency text NOT NULL
);

CREATE INDEX activity_by_time ON activity (at DESC, id DESC);

-- Down Migration

DROP TABLE activity;
