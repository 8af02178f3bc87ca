import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import type { Logger } from './logger.ts';
import type { Resource } from './resource.ts';

/** So long may it take to end in good order: a broker that is short of memory reads nothing, and would never let it end. */
const endMs = 3_000;

/**
 * What a service does with RabbitMQ: begun anew with each connection, it gives back how it is ended in good order. What it
 * throws ends the connection, and the next one is tried.
 */
export type BusRole = (connection: ChannelModel) => Promise<() => Promise<unknown>>;

export interface BusOptions {
  /** Undefined: there is no broker, and events wait where they are. */
  url: string | undefined;
  /** What RabbitMQ shows the connection as. */
  service: string;
  logger: Logger;
  role: BusRole;
}

/**
 * Connects to RabbitMQ, and again when the connection is lost: after 100 ms, then after ever longer, up to 5 s. Does not wait
 * for it, because nothing but events depends on it; an outage is logged once.
 */
export async function openBus({ url, service, logger, role }: BusOptions): Promise<Resource[]> {
  if (url === undefined) {
    logger.warn('AMQP_URL is not set; events wait, and the service goes on without RabbitMQ');
    return [];
  }
  let current: ChannelModel | undefined;
  let away = false;
  let end: () => Promise<unknown> = async () => {};
  const lost = (error: Error) => {
    if (!away)
      logger.warn({ err: error }, 'RabbitMQ cannot be reached; events wait, and the service goes on without it');
    away = true;
    current = undefined;
  };

  const bus = await connect(url, {
    timeout: 5_000,
    clientProperties: { connection_name: service },
    recovery: {
      waitForConnect: false,
      maxDelay: 5_000,
      async setup(connection: ChannelModel) {
        let closed: Error | undefined;
        connection.on('error', () => {});
        connection.on('close', (error?: Error) => {
          closed = error ?? new Error('the connection was closed');
        });
        end = await role(connection);
        if (closed) throw closed;
      },
    },
  });
  bus.on('error', () => {});
  bus.on('connect-failed', lost);
  bus.on('disconnect', lost);
  bus.on('connect', (connection: ChannelModel) => {
    if (away) logger.info('RabbitMQ can be reached again');
    away = false;
    current = connection;
  });
  return [
    {
      name: 'rabbitmq',
      optional: true,
      check: async () => {
        if (!current) throw new Error('RabbitMQ is not connected');
      },
      close: async () => {
        const last = current;
        if (last) await Promise.race([end().catch(() => {}), delay(endMs, undefined, { ref: false })]);
        await bus.close();
        if (last) socketOf(last).unref();
      },
    },
  ];
}

/** When the broker reads nothing, amqplib closes its half of the socket alone, and the other half would hold the process. */
function socketOf({ connection }: ChannelModel): Socket {
  return (connection as unknown as { stream: Socket }).stream;
}

/**
 * A channel for a role, which confirms what is published. When the broker closes it the connection is closed too, so that
 * all begins anew.
 */
export async function openChannel(connection: ChannelModel, logger: Logger): Promise<ConfirmChannel> {
  const channel = await connection.createConfirmChannel();
  channel.on('error', (error) => logger.warn({ err: error }, 'RabbitMQ closed the channel; it is opened again'));
  channel.on('close', () => beginAnew(connection));
  return channel;
}

/** For a role that has lost what it had declared: ends the connection, and the next one declares it. */
export function beginAnew(connection: ChannelModel): void {
  connection.close().catch(() => {});
}
