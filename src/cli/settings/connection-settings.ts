import { setting } from './setting.js';
import { duration, number, text } from './setting-kinds.js';

const HOUR_MS = 3_600_000;

/** The settings of the connection to Okta. */
export const CONNECTION_SETTINGS = Object.freeze({
  orgUrl: setting('--org-url', text('url'), 'the address of the Okta org, e.g. https://example.okta.com', {
    env: 'OKTA_CLIENT_ORGURL',
  }),
  identitySource: setting('--identity-source', text('id'), 'the id of the identity source in Okta', {
    env: 'OKTA_IDENTITY_SOURCE_ID',
  }),
  ca: setting(
    '--ca',
    text('file', true),
    "a PEM file with the CA certificates to trust instead of Node's own",
  ),
  concurrency: setting(
    '--concurrency',
    number({ min: 1, max: 75, integer: true }),
    'the most requests at the same time',
    { fallback: '4' },
  ),
  rateLimitShare: setting(
    '--rate-limit-share',
    number({ min: 0.01, max: 1 }),
    'the share of each rate-limit window that rollcall may use',
    { fallback: '0.5, or 10 requests if that is more and leaves 5' },
  ),
  requestTimeout: setting(
    '--request-timeout',
    duration({ min: 1, max: HOUR_MS }),
    'the longest time of one attempt of a request',
    { fallback: '60s' },
  ),
  connectTimeout: setting(
    '--connect-timeout',
    duration({ min: 1, max: HOUR_MS }),
    'the longest time to connect',
    { fallback: '10s' },
  ),
  maxAttempts: setting(
    '--max-attempts',
    number({ min: 1, max: 100, integer: true }),
    'the most attempts of one request, including the first',
    { fallback: '6' },
  ),
  maxResponseBytes: setting(
    '--max-response-bytes',
    number({ min: 1, max: 2 ** 30, integer: true }),
    'the largest response that is read, in bytes',
    { fallback: '8388608' },
  ),
});
