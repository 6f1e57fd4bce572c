import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { makeAuthority, makeServerCertificate } from '../okta/certificates.js';
import { freePort } from '../support/free-port.js';
import { SLAPD } from './available.js';

const BASE = 'dc=example,dc=com';
/** Reads everything, at most a hundred entries of one answer, in as many pages as it likes. */
export const READER = { dn: `cn=reader,${BASE}`, password: 'reader' };
/** Likewise, but the server ends its searches after 700 entries. */
export const LIMITED = { dn: `cn=limited,${BASE}`, password: 'limited' };
/** Sees the server's list of connections. */
export const ADMIN = { dn: `cn=admin,${BASE}`, password: 'admin' };

const configOf = (directory: string) => `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${directory}/slapd.pid
TLSCertificateFile ${directory}/server.pem
TLSCertificateKeyFile ${directory}/key.pem
access to attrs=userPassword by * auth
access to * by * read
database mdb
suffix "${BASE}"
rootdn "${ADMIN.dn}"
rootpw ${ADMIN.password}
directory ${directory}/db
limits dn.exact="${READER.dn}" size.soft=100 size.hard=100 size.pr=noEstimate size.prtotal=unlimited
limits dn.exact="${LIMITED.dn}" size.soft=100 size.hard=100 size.pr=noEstimate size.prtotal=700
database monitor
`;

const account = ({ dn, password }: typeof READER) => `
dn: ${dn}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: ${password}
userPassword: ${password}
`;

/** A server of our own, on a free port of this machine, with these entries (LDIF, the base entry first). */
export async function startSlapd(ldif: string) {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-slapd-'));
  mkdirSync(join(directory, 'db'));
  const authority = makeAuthority();
  const { cert, key } = makeServerCertificate('localhost', authority);
  writeFileSync(join(directory, 'server.pem'), cert);
  writeFileSync(join(directory, 'key.pem'), key);
  const config = join(directory, 'slapd.conf');
  writeFileSync(config, configOf(directory));
  const entries = join(directory, 'entries.ldif');
  writeFileSync(entries, `${ldif}\n${account(READER)}\n${account(LIMITED)}`);
  await promisify(execFile)(SLAPD, ['-T', 'add', '-q', '-f', config, '-l', entries]);

  const [port, tlsPort] = [await freePort(), await freePort()];
  const url = `ldap://127.0.0.1:${port}`;
  const tlsUrl = `ldaps://127.0.0.1:${tlsPort}`;
  // With a level of debugging, although none, it stays in the foreground: it is our child, and can be waited for.
  const server = spawn(SLAPD, ['-f', config, '-h', `${url} ${tlsUrl}`, '-d', '0'], { stdio: 'ignore' });
  const exited = once(server, 'exit');
  let running = true;
  void exited.then(() => (running = false));
  while (running && !(await answers(port))) await setImmediate();
  if (!running) throw new Error(`slapd ended with ${server.exitCode}`);
  return {
    url,
    /** The address with TLS, and the certificate of the authority that signed that of the server. */
    tlsUrl,
    ca: authority.cert,
    async [Symbol.asyncDispose]() {
      server.kill();
      await exited;
      rmSync(directory, { recursive: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
