import { redact } from './redact.js';

/** The most characters of a reason. It is read in a terminal and in a cell of a table. */
const MOST_CHARACTERS = 500;

/**
 * Why Okta refused a request, in Okta's words: `errorSummary`, and that of each of `errorCauses`. They may quote the request,
 * so the profile values in its body and its credential are redacted; names of attributes, limits and external ids stay.
 *
 * @param requestBody - the JSON of the request; undefined or `''` if it has none
 * @returns undefined if the body of the response is not Okta's error
 */
export function reasonOf(
  responseBody: string,
  requestBody: string | undefined,
  credential: Readonly<Record<string, string>>,
): string | undefined {
  const { errorCode, errorSummary, errorCauses } = objectOf(responseBody);
  if (typeof errorCode !== 'string') return undefined;
  const causes = Array.isArray(errorCauses)
    ? errorCauses.map((cause) => fieldsOf(cause)['errorSummary'])
    : [];
  const texts = [errorSummary, ...causes].filter((text) => typeof text === 'string' && text !== '');
  const secrets = [...profileValues(requestBody), ...Object.values(credential).map(withoutScheme)];
  // Cut at the end only: a part of a value would not be recognised.
  const reason = redact([...new Set(texts)].join('; '), secrets).slice(0, MOST_CHARACTERS);
  return reason === '' ? undefined : reason;
}

/** The values of all profiles in the body of a bulk request, or of the one in the body of a call on one user or group. */
function profileValues(requestBody = ''): string[] {
  const body = objectOf(requestBody);
  const items: readonly unknown[] = Array.isArray(body['profiles']) ? body['profiles'] : [body];
  return items
    .flatMap((item) => Object.values(fieldsOf(fieldsOf(item)['profile'])))
    .filter((value) => typeof value === 'string');
}

/** `token` of `SSWS token`. */
function withoutScheme(header: string): string {
  return header.slice(header.indexOf(' ') + 1);
}

function objectOf(json: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(json));
  } catch {
    return {};
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
