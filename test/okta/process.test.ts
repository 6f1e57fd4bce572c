import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createClient } from '../../src/okta/client.js';
import { compiled } from '../support/compiled.js';

describe('a process with a client', () => {
  it('ends by itself once the client and the state are closed: no handle is left', async () => {
    const script = compiled('test/support/one-sync.ts');
    // It would run into the limit, and fail, if anything kept it alive.
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 50_000 });
    expect(stdout.trim()).toBe('3 people, handles left: none');
  });

  it('gives up on a server that takes connections and says nothing', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const client = createClient({
      orgUrl: `http://127.0.0.1:${port}`,
      identitySourceId: 'ids1',
      auth: { token: 't' },
      requestTimeoutMs: 2000,
      maxAttempts: 1,
    });
    await expect(client.createSession()).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_OKTA_NETWORK',
      sent: true,
    });
    await client.close();
    server.close();
  });
});
