-- Up Migration

CREATE TABLE payments (
  id uuid PRIMARY KEY,
  user_id text NOT NULL,
  amount bigint NOT NULL,
  currency text NOT NULL,
  state text NOT NULL,
  refunded_amount bigint NOT NULL DEFAULT 0,
  description text,
  -- Milliseconds, because a cursor carries this time through JavaScript and must compare equal afterwards.
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT payments_amount_in_range CHECK (amount BETWEEN 1 AND 99999999999),
  CONSTRAINT payments_currency_is_a_code CHECK (currency ~ '^[A-Z]{3}$'),
  CONSTRAINT payments_description_is_short CHECK (char_length(description) <= 500),
  CONSTRAINT payments_state_agrees_with_refunds CHECK (
    CASE state
      WHEN 'authorized' THEN refunded_amount = 0
      WHEN 'canceled' THEN refunded_amount = 0
      WHEN 'captured' THEN refunded_amount = 0
      WHEN 'partially_refunded' THEN refunded_amount > 0 AND refunded_amount < amount
      WHEN 'refunded' THEN refunded_amount = amount
      ELSE false
    END
  )
);

-- One index for each shape of a page, newest first: of one user or of all, in one state or in any.
CREATE INDEX payments_by_user ON payments (user_id, created_at DESC, id DESC);
CREATE INDEX payments_by_user_and_state ON payments (user_id, state, created_at DESC, id DESC);
CREATE INDEX payments_by_time ON payments (created_at DESC, id DESC);
CREATE INDEX payments_by_state ON payments (state, created_at DESC, id DESC);

CREATE TABLE refunds (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  payment_id uuid NOT NULL REFERENCES payments,
  amount bigint NOT NULL CONSTRAINT refunds_amount_is_positive CHECK (amount > 0),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE INDEX refunds_by_payment ON refunds (payment_id);

CREATE TABLE idempotency_keys (
  user_id text NOT NULL,
  key text NOT NULL CONSTRAINT idempotency_keys_key_is_visible_ascii CHECK (key ~ '^[!-~]{1,255}$'),
  request_hash bytea NOT NULL CONSTRAINT idempotency_keys_hash_is_sha256 CHECK (octet_length(request_hash) = 32),
  -- Deferred: the key is claimed before its payment exists, and claiming must not lock a payment that a refund names.
  payment_id uuid NOT NULL REFERENCES payments DEFERRABLE INITIALLY DEFERRED,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, key)
);

-- Down Migration

DROP TABLE idempotency_keys;
DROP TABLE refunds;
DROP TABLE payments;
