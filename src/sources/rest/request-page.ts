import { EnvHttpProxyAgent, fetch, RetryAgent, type Dispatcher, type Response } from 'undici';
import { SourceError } from '../../core/errors.js';
import { parseJson } from '../json/numbers.js';
import type { CheckedRest } from './rest-options.js';

const MOST_PAUSE_MS = 30_000;

/** One answer: the document and the headers. */
export interface Answer {
  readonly document: unknown;
  readonly headers: Response['headers'];
}

/** The connections of one read, through the proxy of `HTTPS_PROXY` if there is one. Requests that fail are repeated. */
export function openAgent({ timeoutMs, retries, retryPauseMs }: CheckedRest): Dispatcher {
  const agent = new EnvHttpProxyAgent({ headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  return new RetryAgent(agent, {
    maxRetries: retries,
    minTimeout: retryPauseMs,
    maxTimeout: MOST_PAUSE_MS,
    throwOnError: false,
    methods: ['GET'],
  });
}

/**
 * Requests one page.
 * @throws {@link SourceError} without the text of the answer, which may contain values
 */
export async function requestPage(url: URL, options: CheckedRest, dispatcher: Dispatcher): Promise<Answer> {
  const { name: file, headers, authorization } = options;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      dispatcher,
      redirect: 'manual',
      headers: { accept: 'application/json', ...headers, ...(authorization && { authorization }) },
    });
    text = await response.text();
  } catch (error) {
    throw new SourceError(
      `${url.host} could not be read (${codeOf(error)}), so nothing counts as removed; check the address and the network`,
      { file },
    );
  }
  if (!response.ok) throw new SourceError(refusal(response, url), { file });
  try {
    return { document: parseJson(text, options.numbers), headers: response.headers };
  } catch {
    const type = response.headers.get('content-type')?.split(';')[0] ?? 'no content type';
    throw new SourceError(`${url.host} answered ${response.status} with ${type}, which is not JSON`, {
      file,
    });
  }
}

function refusal({ status, headers }: Response, url: URL): string {
  const said = `${url.host} answered ${status}`;
  if (status >= 300 && status < 400) {
    const to = headers.get('location') ?? '';
    const host = URL.canParse(to, url.href) ? new URL(to, url).origin : 'nowhere';
    return `${said}, a redirect to ${host}; give that address, because credentials are not sent to another`;
  }
  if (status === 401) return `${said}: it does not accept the credentials`;
  if (status === 403) return `${said}: the credentials do not allow this`;
  if (status === 404) return `${said}: there is nothing at the path ${url.pathname}`;
  return said;
}

/** The code of the innermost cause, such as ECONNREFUSED. */
function codeOf(error: unknown): string {
  const { cause, code } = error as { readonly cause?: unknown; readonly code?: unknown };
  if (cause instanceof Error) return codeOf(cause);
  return typeof code === 'string' && code !== '' ? code : 'the connection broke';
}
