-- Up Migration

-- Each payment as the last of its events tells it.
CREATE TABLE payments (
  id uuid PRIMARY KEY,
  sequence bigint NOT NULL,
  user_id text NOT NULL,
  currency text NOT NULL,
  state text NOT NULL,
  amount bigint NOT NULL,
  refunded_amount bigint NOT NULL,
  updated_at timestamptz(3) NOT NULL
);

CREATE INDEX payments_by_user ON payments (user_id);

-- Down Migration

DROP TABLE payments;
