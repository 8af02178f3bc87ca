const server = Symbol('otel-register.server');

export interface AmqpServer {
  readonly address: string;
  readonly port: number;
}

/** A connection of amqplib. */
export interface AmqpConnection {
  [server]?: AmqpServer;
}

/**
 * Remembers where a connection leads to.
 *
 * @param url what the service gave: text, its parts, or nothing
 */
export function rememberServer(connection: AmqpConnection, url: unknown): void {
  const given = typeof url === 'string' && url !== '' ? new URL(url) : url || {};
  const { protocol, hostname, port } = given as Partial<URL>;
  const standard = protocol?.startsWith('amqps') ? 5671 : 5672;
  connection[server] = { address: hostname?.replace(/^\[|\]$/g, '') || 'localhost', port: Number(port) || standard };
}

/** Undefined for a connection that was made before the probe was enabled. */
export function serverOf(connection: AmqpConnection): AmqpServer | undefined {
  return connection[server];
}
