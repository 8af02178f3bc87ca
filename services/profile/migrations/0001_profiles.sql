CREATE TABLE profiles (
  user_id uuid PRIMARY KEY,
  display_name text NOT NULL,
  phone text,
  address text,
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE preferences (
  user_id uuid PRIMARY KEY,
  language text NOT NULL,
  currency text NOT NULL,
  newsletter boolean NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
