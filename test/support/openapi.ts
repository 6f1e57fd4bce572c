import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

/** Checks requests and responses against Okta's API description. Each method returns the problems that it finds. */
export interface OpenApi {
  /**
   * Unknown attributes are problems too, except those of profiles, although the description allows them.
   * @param body - the text as sent; undefined or `''` for none
   */
  validateRequest(method: string, path: string, body: string | undefined): string[];
  /**
   * Every error must have the form of Okta's errors.
   * @param body - the text as received
   */
  validateResponse(method: string, path: string, status: number, body: string): string[];
  /** The operationIds of all operations. */
  readonly operationIds: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

interface Media {
  readonly content?: { readonly 'application/json'?: { readonly schema?: unknown } };
}

interface Operation {
  readonly operationId?: string;
  readonly requestBody?: Media;
  readonly responses: Readonly<Record<string, Media>>;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Json };
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
let loaded: OpenApi | undefined;

/**
 * Reads the description at `ROLLCALL_OKTA_OPENAPI`, or next to the project. If there is none, the checks are skipped, and a line is
 * printed; with `ROLLCALL_REQUIRE_OPENAPI` it throws.
 */
export function openapi(): OpenApi | undefined {
  if (loaded !== undefined) return loaded;
  const named =
    process.env['ROLLCALL_OKTA_OPENAPI'] ?? '../shared/reference/okta-identity-sources.openapi.json';
  const file = resolve(ROOT, named);
  if (!existsSync(file)) {
    if (process.env['ROLLCALL_REQUIRE_OPENAPI'])
      throw new Error(`Okta's API description is required: ${file}`);
    console.log(`skipped: Okta's API description is not at ${file}`);
    return undefined;
  }
  loaded = build(JSON.parse(readFileSync(file, 'utf8')) as Description);
  return loaded;
}

function build(description: Description): OpenApi {
  const open = compiler(description);
  const closed = compiler({ ...description, ...closeObjects(description) });
  const patterns = Object.keys(description.paths).map((template) => ({
    template,
    pattern: new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
  }));
  const locate = (method: string, path: string) => {
    const pathname = path.split('?')[0] ?? '';
    const template = patterns.find(({ pattern }) => pattern.test(pathname))?.template;
    const operation = template && description.paths[template]?.[method.toLowerCase()];
    if (!template || !operation) return undefined;
    return { operation, pointer: `#/paths/${escape(template)}/${method.toLowerCase()}` };
  };
  return {
    operationIds: Object.values(description.paths).flatMap((path) =>
      Object.values(path).flatMap(({ operationId }) => operationId ?? []),
    ),
    validateRequest(method, path, body) {
      const place = locate(method, path);
      if (place === undefined) return [`${method} ${path}: not in the description`];
      if (place.operation.requestBody === undefined) return body ? ['a body where none is described'] : [];
      return check(closed(`${place.pointer}/requestBody/content/application~1json/schema`), body);
    },
    validateResponse(method, path, status, body) {
      if (status >= 400) return check(open('#/components/schemas/Error'), body);
      const place = locate(method, path);
      if (place === undefined) return [`${method} ${path}: not in the description`];
      const response = place.operation.responses[status];
      if (response === undefined) return [`${method} ${path}: status ${status} is not described`];
      if (response.content === undefined) return body === '' ? [] : ['a body where none is described'];
      return check(open(`${place.pointer}/responses/${status}/content/application~1json/schema`), body);
    },
  };
}

/** Compiles the schema at a JSON pointer. Each is compiled once. */
function compiler(description: Description): (pointer: string) => ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ ...description, $id: 'okta' });
  const compiled = new Map<string, ValidateFunction>();
  return (pointer) => {
    let validate = compiled.get(pointer);
    if (validate === undefined) compiled.set(pointer, (validate = ajv.compile({ $ref: `okta${pointer}` })));
    return validate;
  };
}

function check(validate: ValidateFunction, body: string | undefined): string[] {
  let value: unknown;
  try {
    value = JSON.parse(body ?? '');
  } catch {
    return ['it is not JSON'];
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}

/** The description without additional properties, except in profiles, to which an identity source can add attributes. */
function closeObjects(description: Description): Pick<Description, 'paths' | 'components'> {
  const schemas = Object.entries(description.components.schemas).map(([name, schema]) => [
    name,
    /ProfileForUpsert/.test(name) ? schema : close(schema),
  ]);
  return {
    paths: description.paths,
    components: { ...description.components, schemas: Object.fromEntries(schemas) as Json },
  };
}

function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, close(value)]),
  ) as Json;
  return copy['type'] === 'object' && 'properties' in copy ? { ...copy, additionalProperties: false } : copy;
}

function escape(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
