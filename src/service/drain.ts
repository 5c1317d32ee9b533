import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Ends the connections of a server that is about to close, without waiting for clients that ask for nothing. */
export interface Drain {
  /**
   * From now on every answer says that its connection closes behind it, and a connection without a request under way is closed at once. What has
   * arrived is read first. The rest of a request that is still arriving is waited for as long as any would be.
   *
   * @param arrivalLimit milliseconds that a request may take to arrive.
   */
  begin(arrivalLimit: number): void;
}

/**
 * Keeps account of the requests under way on each connection of a server; to be made before it listens. `server.close()` and `closeIdleConnections()` know no
 * more than connections that have been asked before: one that never said anything, or becomes idle later, would be waited for.
 */
export function createDrain(server: Server): Drain {
  const connections = new Map<Socket, Set<ServerResponse>>();
  let isDraining = false;

  const closeIfIdle = (socket: Socket) => {
    if (connections.get(socket)?.size === 0) socket.destroySoon();
  };
  // Two turns of the event loop: in the first what lies there is read, and its request is under way in the second.
  const closeSoonIfIdle = (socket: Socket) => void setImmediate(() => setImmediate(closeIfIdle, socket));

  server.on('connection', (socket: Socket) => {
    connections.set(socket, new Set());
    socket.once('close', () => connections.delete(socket));
    if (isDraining) closeSoonIfIdle(socket);
  });
  server.on('request', ({ socket }, response) => {
    const underWay = connections.get(socket);
    underWay?.add(response);
    if (isDraining) announceClose(response);
    response.once('close', () => {
      underWay?.delete(response);
      if (isDraining) closeIfIdle(socket);
    });
  });

  return {
    begin(arrivalLimit) {
      isDraining = true;
      for (const [socket, underWay] of connections) {
        for (const response of underWay) announceClose(response);
        closeSoonIfIdle(socket);
      }
      // A server that is closing looks no more for requests that take too long to arrive.
      setTimeout(() => {
        for (const [socket, underWay] of connections) if ([...underWay].some(({ req }) => !req.complete)) socket.destroy();
      }, arrivalLimit).unref();
    },
  };
}

function announceClose(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
