import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const open = new WeakMap<Socket, Set<ServerResponse>>();

/**
 * Lets an answer be closed with its connection. Node.js tells that only to the answer that is being sent: those that wait behind
 * it, for requests that were sent without waiting, would never end.
 */
export function closeWithConnection(response: ServerResponse): void {
  const { socket } = response.req;
  let answers = open.get(socket);
  if (answers === undefined) {
    const ofSocket = new Set<ServerResponse>();
    socket.once('close', () => {
      for (const waiting of ofSocket) {
        if (waiting.socket === null) waiting.destroy().emit('close');
      }
    });
    open.set(socket, ofSocket);
    answers = ofSocket;
  }
  answers.add(response);
  response.once('close', () => answers.delete(response));
}
