import type { Database, Position } from '@payments/service-kit';

export interface Account {
  id: string;
  email: string;
  name: string;
  role: 'user' | 'admin';
  createdAt: Date;
}

const columns = 'id, email, name, role, created_at AS "createdAt"';

export class AccountStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** `undefined` when the address is taken. */
  async create(email: string, name: string, passwordHash: string): Promise<Account | undefined> {
    const [account] = await this.#database.query<Account>(
      `INSERT INTO accounts (email, name, password_hash) VALUES ($1, $2, $3)
       ON CONFLICT (email) DO NOTHING RETURNING ${columns}`,
      [email, name, passwordHash],
    );
    return account;
  }

  /**
   * Makes the account exist with the role admin and this password. The password is set on an existing account too:
   * otherwise whoever registered the address first would become admin with a password of their own.
   */
  async putAdmin(email: string, passwordHash: string): Promise<void> {
    await this.#database.query(
      `INSERT INTO accounts (email, name, role, password_hash) VALUES ($1, 'Administrator', 'admin', $2)
       ON CONFLICT (email) DO UPDATE SET role = 'admin', password_hash = $2`,
      [email, passwordHash],
    );
  }

  async byId(id: string): Promise<Account | undefined> {
    const [account] = await this.#database.query<Account>(`SELECT ${columns} FROM accounts WHERE id = $1`, [id]);
    return account;
  }

  async credentialsOf(email: string): Promise<{ account: Account; passwordHash: string } | undefined> {
    const [row] = await this.#database.query<Account & { passwordHash: string }>(
      `SELECT ${columns}, password_hash AS "passwordHash" FROM accounts WHERE email = $1`,
      [email],
    );
    if (row === undefined) return undefined;
    const { passwordHash, ...account } = row;
    return { account, passwordHash };
  }

  /** Newest first, one more than `limit` when there are more. */
  list(limit: number, after: Position | undefined): Promise<Account[]> {
    return this.#database.query<Account>(
      `SELECT ${columns} FROM accounts
       WHERE $1::timestamptz IS NULL OR (created_at, id) < ($1, $2::uuid)
       ORDER BY created_at DESC, id DESC LIMIT $3`,
      [after?.createdAt, after?.id, limit + 1],
    );
  }
}
