import { createHmac, randomUUID } from 'node:crypto';
import { EnvHttpProxyAgent, request, RetryAgent } from 'undici';
import { OptionsError } from '../../core/errors.js';
import { isLoopback } from '../../okta/proxy.js';
import { readEnvironment, type Environment } from '../process/environment.js';
import type { RunMessage } from './run-message.js';

/** The variable with the secret that signs messages; with `_FILE`, of a file with it. */
export const NOTIFY_SECRET = 'ROLLCALL_NOTIFY_SECRET';

/** Milliseconds of one attempt, and of the pauses between attempts. */
const ATTEMPT_MS = 10_000;
const FIRST_PAUSE_MS = 1000;
const MOST_PAUSE_MS = 10_000;
const RETRIES = 4;

/** Sends messages to one address. */
export interface Webhook {
  /** The host, for messages: the path of an address may be a secret. */
  readonly host: string;
  /**
   * Sends one message, and again after failures that may pass, with the same id.
   * @throws an `Error` without the address if the message was not accepted
   */
  send(message: RunMessage): Promise<void>;
}

/**
 * Checks an address and reads the secret, before a run begins.
 *
 * @throws {@link OptionsError} without the path of the address, unless it begins with `https:`, or is of this machine; or if the secret is
 * missing or too short
 */
export async function openWebhook(
  address: string,
  env: Environment,
  firstPauseMs = FIRST_PAUSE_MS,
): Promise<Webhook> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (
    url === undefined ||
    !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.origin)))
  )
    throw new OptionsError('--notify', 'expected an address that begins with https://');
  const secret = await readEnvironment(env, NOTIFY_SECRET);
  if (secret === undefined)
    throw new OptionsError(
      NOTIFY_SECRET,
      `not set; --notify signs its messages: set it, or set ${NOTIFY_SECRET}_FILE to a file with the value`,
    );
  const key = keyOf(secret);
  return { host: url.host, send: (message) => post(url, key, message, firstPauseMs) };
}

/** The key of a secret as the Standard Webhooks write it: `whsec_` and Base64. */
function keyOf(secret: string): Buffer {
  const text = secret.replace(/^whsec_/, '');
  const key = Buffer.from(text, 'base64');
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  if (isBase64 && key.length >= 24) return key;
  throw new OptionsError(
    NOTIFY_SECRET,
    'expected at least 24 random bytes in Base64, e.g. of `openssl rand -base64 32`',
  );
}

async function post(url: URL, key: Buffer, message: RunMessage, firstPauseMs: number): Promise<void> {
  const body = JSON.stringify(message);
  const id = `msg_${randomUUID()}`;
  const timestamp = String(Math.floor(Date.parse(message.timestamp) / 1000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  const timeouts = { headersTimeout: ATTEMPT_MS, bodyTimeout: ATTEMPT_MS, connectTimeout: ATTEMPT_MS };
  const agent = new RetryAgent(new EnvHttpProxyAgent(timeouts), {
    // A receiver recognises a message that comes twice by its id.
    methods: ['POST'],
    statusCodes: [408, 429, 500, 502, 503, 504],
    maxRetries: RETRIES,
    minTimeout: firstPauseMs,
    maxTimeout: MOST_PAUSE_MS,
    throwOnError: false,
  });
  try {
    const response = await request(url, {
      method: 'POST',
      dispatcher: agent,
      body,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'rollcall',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      },
    });
    await response.body.dump();
    if (response.statusCode >= 300) throw new Error(`it answered ${response.statusCode}`);
  } finally {
    await agent.destroy();
  }
}
