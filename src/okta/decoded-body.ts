import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { TransportError } from './wire.js';

const DECODERS = Object.freeze({
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
});

/** The encodings that a request accepts. Okta compresses only what accepts it; a proxy may compress anything. */
export const ACCEPTED_ENCODINGS = 'gzip';

/**
 * The body of a response without its `Content-Encoding`.
 *
 * @param most - the most bytes of the decoded body
 * @throws {@link TransportError} for a body that is damaged or too large, or has an unknown encoding
 */
export async function decodedBody(body: Buffer, encoding: string | undefined, most: number): Promise<string> {
  const names = (encoding ?? '').toLowerCase().split(',');
  let decoded = body;
  // The last encoding was applied last.
  for (const name of names.map((one) => one.trim()).reverse()) {
    if (decoded.length === 0 || name === '' || name === 'identity') continue;
    if (!isKnown(name)) throw new TransportError('the answer has an encoding that was not asked for', true);
    try {
      decoded = await DECODERS[name](decoded, { maxOutputLength: most });
    } catch (error) {
      const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      const why = isTooLarge ? `exceeds ${most} bytes` : 'cannot be decompressed';
      throw new TransportError(`the answer ${why}`, true);
    }
  }
  return decoded.toString('utf8');
}

function isKnown(name: string): name is keyof typeof DECODERS {
  return Object.hasOwn(DECODERS, name);
}
