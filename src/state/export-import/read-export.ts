import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { StateError } from '../../core/errors.js';
import { damaged, EXPORT_FORMAT, type Footer, type Header } from './export-format.js';

/** Reads an export to its end and compares it with the check sum in its last line. */
export async function checkExport(file: string): Promise<{ header: Header; footer: Footer }> {
  const digest = createHash('sha256');
  let header: Header | undefined;
  let footer: Footer | undefined;
  for await (const line of linesOf(file)) {
    if (footer !== undefined) throw damaged();
    if (header === undefined) header = parseHeader(line);
    else footer = parseFooter(line);
    if (footer === undefined) digest.update(`${line}\n`);
  }
  if (header === undefined || footer === undefined || !matches(digest, footer)) throw damaged();
  return { header, footer };
}

export function matches(digest: Hash, footer: Footer): boolean {
  return digest.digest('hex') === footer.sha256;
}

function parseHeader(line: string): Header {
  const header = parse(line) as Partial<Header>;
  if (header.format !== EXPORT_FORMAT || !/^[0-9a-f]{32}$/.test(header.fingerprintKey ?? '')) {
    throw new StateError('the file is no export of a state that this version knows', {
      code: 'ERR_ROLLCALL_STATE_FORMAT',
    });
  }
  return { meta: {}, ...header } as Header;
}

function parseFooter(line: string): Footer | undefined {
  const value = parse(line) as Partial<Footer>;
  return value.sha256 === undefined ? undefined : (value as Footer);
}

export function parse(line: string): object {
  try {
    return JSON.parse(line) as object;
  } catch {
    // The error has no cause, because the parser's message quotes the line, which contains ids.
    throw damaged();
  }
}

export async function* linesOf(file: string): AsyncGenerator<string, void, undefined> {
  const input = createReadStream(file);
  try {
    yield* createInterface({ input, crlfDelay: Infinity });
  } catch (cause) {
    throw new StateError('the export could not be read', { cause });
  } finally {
    input.destroy();
  }
}
