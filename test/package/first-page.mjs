// Runs the pipeline of the README as it stands there, in plain JavaScript, over the package that is installed in this project.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startOrg } from 'rollcall/simulator';

const readme = readFileSync('node_modules/rollcall/README.md', 'utf8');
const [, code] = /^## The pipeline\n\n```ts\n([^]*?)^```$/m.exec(readme) ?? [];
if (code === undefined) throw new Error('the README has no pipeline');
const org = await startOrg({ importMs: 10 });
const program = code
  .replace("'https://example.okta.com'", JSON.stringify(org.url))
  .replace("'0oa3l6l6WK6h0R0QW0g4'", JSON.stringify(org.identitySourceId));
// In this project, so that the import of the package is found.
const folder = await mkdtemp(join(process.cwd(), 'first-page-'));
await writeFile(join(folder, 'program.mjs'), program);
await writeFile(
  join(folder, 'people.csv'),
  'employee_id,email,given,family\n1,ann@example.com,Ann,Lee\n2,nobody,Bob,Ray\n3,cy@example.com,Cy,Fox\n',
);
process.env.OKTA_CLIENT_TOKEN = org.token;
const printed = [];
const log = console.log;
console.log = (...words) => printed.push(words.join(' '));
const project = process.cwd();
process.chdir(folder);
await import(pathToFileURL(join(folder, 'program.mjs')).href);
process.chdir(project);
console.log = log;
const { activeUsers } = org.directory(org.identitySourceId);
await org.close();
await rm(folder, { recursive: true });
const [sent, ...rejected] = printed;
if (activeUsers !== 2 || sent !== '1 requests in 1 sessions')
  throw new Error(`the pipeline of the README did not sync: ${activeUsers} people, ${sent}`);
if (rejected.join() !== 'rejected: 2 email is not a valid email address')
  throw new Error(`the pipeline of the README did not report its rejections: ${rejected.join('; ')}`);
