import pg from 'pg';
import { pause, type Scenario } from './scenario.ts';

/** Below the gateway's UPSTREAM_TIMEOUT_MS: requests become slow, and none fails. */
const HELD_MS = 4_000;
const FREE_MS = 1_000;

export const slowQuery: Scenario = {
  name: 'slow-query',
  summary:
    'another session locks the table of payments, four seconds of five; queries and then connections are waited for',
  story: {
    before: [
      'The usual traffic',
      'payments: db_client_operation_duration_seconds is some milliseconds, db_client_connection_pending_requests 0',
    ],
    during: [
      'Another session locks the table of payments, four seconds of five',
      'payments: db_client_operation_duration_seconds rises to seconds',
      'payments: db_client_connection_count{db_client_connection_state="used"} is at db_client_connection_max',
      'payments: db_client_connection_pending_requests rises, and db_client_connection_wait_time_seconds with it',
      'api-gateway: http_server_request_duration_seconds rises on the routes of /payments, and on no others',
    ],
    after: ['The table is free', 'payments, api-gateway: durations fall, db_client_connection_pending_requests is 0'],
  },
  needs: { part: 'postgres', title: 'PostgreSQL', variable: 'DATABASE_URL' },

  /** PostgreSQL takes the lock from a session that is gone, or that has been silent for too long. */
  async make({ postgres: connectionString }, signal) {
    const session = new pg.Client({
      connectionString,
      application_name: 'load scenario slow-query',
      connectionTimeoutMillis: 5_000,
      lock_timeout: 5_000,
      idle_in_transaction_session_timeout: 2 * HELD_MS,
    });
    // The query that fails tells of it.
    session.on('error', () => {});
    await session.connect();
    try {
      while (!signal.aborted) {
        await session.query('BEGIN');
        await session.query('LOCK TABLE payments IN ACCESS EXCLUSIVE MODE');
        await pause(HELD_MS, signal);
        await session.query('ROLLBACK');
        await pause(FREE_MS, signal);
      }
    } finally {
      await session.end();
    }
  },
};
