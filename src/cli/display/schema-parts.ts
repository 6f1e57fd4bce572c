import { ENTITIES } from '../../core/model.js';
import type { JsonSchema } from '../settings/setting-kinds.js';

export const text: JsonSchema = { type: 'string' };
export const whole: JsonSchema = { type: 'integer', minimum: 0 };
export const time: JsonSchema = { type: 'string', format: 'date-time' };
export const entity: JsonSchema = { enum: ENTITIES };
export const kind: JsonSchema = { enum: ['upsert', 'delete'] };
export const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });
export const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

/** An object; what ends in `?` may be missing. */
export function object(members: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const entries = Object.entries(members).map(([name, schema]) => [name.replace(/\?$/, ''), schema] as const);
  const required = Object.keys(members).filter((name) => !name.endsWith('?'));
  return { type: 'object', properties: Object.fromEntries(entries), required };
}

export const byEntity = (schema: JsonSchema) =>
  object(Object.fromEntries(ENTITIES.map((name) => [name, schema])));
