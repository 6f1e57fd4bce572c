import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { undiciTransport } from '../../src/okta/transport.js';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** The port of a server that accepts connections, and never answers the first message of TLS. */
async function muteServer(): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

it('a connection that is not made within the limit for connecting is given up, and nothing was sent', async () => {
  const port = await muteServer();
  const transport = undiciTransport({
    proxy: undefined,
    ca: undefined,
    connections: 1,
    connectTimeoutMs: 50,
    requestTimeoutMs: 8000,
    maxResponseBytes: 1000,
  });
  ends.push(() => transport.close());
  const url = `https://127.0.0.1:${port}/`;
  await expect(
    transport.send({ method: 'GET', url, headers: {}, body: undefined, signal: undefined }),
  ).rejects.toMatchObject({ message: 'UND_ERR_CONNECT_TIMEOUT', sent: false });
});
