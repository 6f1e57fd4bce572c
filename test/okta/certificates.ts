import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** A certificate and its key. */
export interface Certified {
  readonly name: string;
  readonly cert: string;
  readonly key: string;
  readonly privateKey: KeyObject;
}

/** An authority of one's own, made anew for each run of the tests. */
export function makeAuthority(name = 'rollcall test authority'): Certified {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // basicConstraints, critical: CA is true.
  const isAuthority = sequence(
    oid(2, 5, 29, 19),
    Buffer.from([1, 1, 0xff]),
    octets(sequence(Buffer.from([1, 1, 0xff]))),
  );
  return certify(name, publicKey, privateKey, { name, privateKey }, isAuthority);
}

/** A server's certificate for a host name, and for 127.0.0.1. */
export function makeServerCertificate(host: string, authority: Certified): Certified {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const names = sequence(tagged(0x82, Buffer.from(host)), tagged(0x87, Buffer.from([127, 0, 0, 1])));
  return certify(host, publicKey, privateKey, authority, sequence(oid(2, 5, 29, 17), octets(names)));
}

function certify(
  name: string,
  publicKey: KeyObject,
  privateKey: KeyObject,
  issuer: Pick<Certified, 'name' | 'privateKey'>,
  extension: Buffer,
): Certified {
  const ecdsaWithSha256 = sequence(oid(1, 2, 840, 10045, 4, 3, 2));
  const content = sequence(
    tagged(0xa0, tagged(2, Buffer.from([2]))),
    tagged(2, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    nameOf(issuer.name),
    sequence(tagged(0x18, Buffer.from('20200101000000Z')), tagged(0x18, Buffer.from('20991231000000Z'))),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(extension)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', content, issuer.privateKey)]);
  const der = sequence(content, ecdsaWithSha256, tagged(3, signature));
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return {
    name,
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    privateKey,
  };
}

function nameOf(name: string): Buffer {
  return sequence(tagged(0x31, sequence(oid(2, 5, 4, 3), tagged(0x0c, Buffer.from(name)))));
}

function oid(first: number, second: number, ...rest: number[]): Buffer {
  const bytes = rest.flatMap((arc) => {
    const septets = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) septets.unshift((left & 0x7f) | 0x80);
    return septets;
  });
  return tagged(6, Buffer.from([first * 40 + second, ...bytes]));
}

function octets(content: Buffer): Buffer {
  return tagged(4, content);
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

/** One DER value. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}
