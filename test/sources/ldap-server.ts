import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import asn1, { type BerReader, type BerWriter } from 'asn1';
import { onTestFinished } from 'vitest';

const { Ber, BerReader: Reader, BerWriter: Writer } = asn1;

const OP = { bind: 0x60, bound: 0x61, unbind: 0x42, search: 0x63, entry: 0x64, done: 0x65, reference: 0x73 };
const [SEQUENCE, SET, CONTROLS] = [0x30, 0x31, 0xa0];
const PAGED = '1.2.840.113556.1.4.319';

/** A search as the server got it. */
export interface AskedSearch {
  readonly base: string;
  readonly scope: number;
  readonly attributes: readonly string[];
  /** The request for a page; undefined without one. */
  readonly page: { readonly size: number; readonly cookie: string; readonly isCritical: boolean } | undefined;
}

/** An entry: its name, and the values of its attributes. */
export type SentEntry = readonly [
  dn: string,
  attributes: Readonly<Record<string, readonly (string | Buffer)[]>>,
];

/** What the server says to a search. */
export interface SentAnswer {
  readonly entries?: readonly SentEntry[];
  readonly references?: readonly string[];
  /** @defaultValue 0, success */
  readonly result?: number;
  /** Where the next page begins. `null` leaves out the control, as a server without pages does. @defaultValue '', the last page */
  readonly cookie?: string | null;
  /** Ends the connection instead of the result. */
  readonly isCut?: boolean;
  /** Never sends the result. */
  readonly isMute?: boolean;
}

/** A server that was started, and what it was asked. */
export interface LdapServer {
  readonly url: string;
  readonly asked: AskedSearch[];
  /** The names and passwords of all sign-ins. */
  readonly binds: string[];
  /** The connections that are open. */
  readonly open: ReadonlySet<Socket>;
}

/** A small LDAP server for what Active Directory does and a test server cannot: it writes BER by itself. Sign-ins have a result, 0 by default. */
export async function ldapServer(
  answer: (search: AskedSearch) => SentAnswer,
  signIn: (dn: string, password: string) => { readonly result: number; readonly message?: string } = () => ({
    result: 0,
  }),
): Promise<LdapServer> {
  const asked: AskedSearch[] = [];
  const binds: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket.setNoDelay());
    socket.on('close', () => open.delete(socket)).on('error', () => undefined);
    socket.on('data', (data) => {
      for (let rest: Buffer = data; rest.length > 0;) {
        const reader = new Reader(rest);
        // Anything else is no LDAP, such as the first message of TLS.
        if (reader.peek() !== SEQUENCE) return void socket.destroy();
        reader.readSequence();
        const end = reader.offset + reader.length;
        onMessage(new Reader(rest.subarray(0, end)), socket);
        rest = rest.subarray(end);
      }
    });
  }).listen(0, '127.0.0.1');

  function onMessage(reader: BerReader, socket: Socket): void {
    reader.readSequence();
    const id = reader.readInt() ?? 0;
    const operation = reader.readSequence();
    if (operation === OP.bind) {
      reader.readInt();
      const [dn, password] = [reader.readString() ?? '', reader.readString(0x80) ?? ''];
      binds.push(`${dn} ${password}`);
      const { result, message = '' } = signIn(dn, password);
      socket.write(written(id, OP.bound, (writer) => resultOf(writer, result, message)));
    } else if (operation === OP.search) {
      const search = readSearch(reader);
      asked.push(search);
      send(socket, id, answer(search));
    } else socket.end();
  }

  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, binds, open };
}

function readSearch(reader: BerReader): AskedSearch {
  const base = reader.readString() ?? '';
  const scope = reader.readEnumeration() ?? 0;
  reader.readEnumeration();
  reader.readInt();
  reader.readInt();
  reader.readBoolean();
  skip(reader);
  const attributes: string[] = [];
  reader.readSequence();
  for (const end = reader.offset + reader.length; reader.offset < end;)
    attributes.push(reader.readString() ?? '');
  let page: AskedSearch['page'];
  if (reader.remain > 0 && reader.readSequence(CONTROLS) !== null) {
    reader.readSequence();
    if (reader.readString() !== PAGED) throw new Error('an unknown control');
    const isCritical = reader.readBoolean() ?? false;
    const value = new Reader(reader.readString(Ber.OctetString, true) ?? Buffer.of());
    value.readSequence();
    page = { size: value.readInt() ?? 0, cookie: value.readString() ?? '', isCritical };
  }
  return { base, scope, attributes, page };
}

/** Passes over a filter. */
function skip(reader: BerReader): void {
  reader.readSequence(reader.peek() ?? 0);
  (reader as unknown as { _offset: number })._offset = reader.offset + reader.length;
}

function send(socket: Socket, id: number, answer: SentAnswer): void {
  const { entries = [], references = [], result = 0, cookie = '', isCut = false, isMute = false } = answer;
  for (const [dn, attributes] of entries)
    socket.write(
      written(id, OP.entry, (writer) => {
        writer.writeString(dn);
        nested(writer, SEQUENCE, () => {
          for (const [name, values] of Object.entries(attributes))
            nested(writer, SEQUENCE, () => {
              writer.writeString(name);
              nested(writer, SET, () => {
                for (const value of values) writer.writeBuffer(Buffer.from(value as string), Ber.OctetString);
              });
            });
        });
      }),
    );
  for (const reference of references)
    socket.write(written(id, OP.reference, (writer) => writer.writeString(reference)));
  if (isCut) socket.end();
  else if (!isMute)
    socket.write(
      written(id, OP.done, (writer) => resultOf(writer, result, ''), cookie === null ? undefined : cookie),
    );
}

function resultOf(writer: BerWriter, result: number, message: string): void {
  writer.writeEnumeration(result);
  writer.writeString('');
  writer.writeString(message);
}

function written(
  id: number,
  operation: number,
  content: (writer: BerWriter) => void,
  cookie?: string,
): Buffer {
  const writer = new Writer();
  nested(writer, SEQUENCE, () => {
    writer.writeInt(id);
    nested(writer, operation, () => content(writer));
    if (cookie === undefined) return;
    const value = new Writer();
    nested(value, SEQUENCE, () => {
      value.writeInt(0);
      value.writeString(cookie);
    });
    nested(writer, CONTROLS, () =>
      nested(writer, SEQUENCE, () => {
        writer.writeString(PAGED);
        writer.writeBuffer(value.buffer, Ber.OctetString);
      }),
    );
  });
  return writer.buffer;
}

function nested(writer: BerWriter, tag: number, content: () => void): void {
  writer.startSequence(tag);
  content();
  writer.endSequence();
}
