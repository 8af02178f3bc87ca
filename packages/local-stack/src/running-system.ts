import type { ServiceName } from './service.ts';

/** What `npm start` leaves in `.data/system.json` for commands in other terminals: what it has started itself. */
export interface RunningSystem {
  services: Record<ServiceName, { url: string; pid: number }>;
  /** Connection string of the database `payments`. Missing where DATABASE_URL names a server of somebody else. */
  postgres?: string;
  /** Missing where REDIS_URL names a server of somebody else. */
  redis?: string;
}
