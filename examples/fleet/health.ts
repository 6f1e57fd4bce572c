/** `GET /` for probes: 200 and the runs of this worker, or 503 after it has lost its connection. */
import { createServer, type Server } from 'node:http';

export function serveHealth(port: number, running: ReadonlyMap<string, Date>, isLost: () => boolean): Server {
  const server = createServer((_, response) => {
    const body = JSON.stringify({ running: Object.fromEntries(running) });
    response.writeHead(isLost() ? 503 : 200, { 'content-type': 'application/json' }).end(body);
  });
  // A port that is in use, as on one machine with several workers, ends the worker.
  return server.listen(port);
}
