-- Up Migration

-- Events that are to be published, written with the change that they tell of and deleted when RabbitMQ has them.
CREATE TABLE outbox (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  type text NOT NULL,
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  payment jsonb NOT NULL
);

-- Down Migration

DROP TABLE outbox;
