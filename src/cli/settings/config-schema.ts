import { ENTITIES } from '../../core/model.js';
import type { JsonSchema } from './setting-kinds.js';
import { sourceSchema } from './source-spec.js';
import { WATERMARK_SCHEMA } from './watermark-spec.js';
import { GROUPS, SETTING_KEYS, SETTINGS, type SettingKey } from './settings.js';

/** The JSON Schema of a config file, made from the table of settings; `config-schema.json` is its text. */
export function configSchema(): JsonSchema {
  const properties: Record<string, JsonSchema> = {
    $schema: { type: 'string', description: 'the address of this schema, for editors' },
  };
  for (const key of SETTING_KEYS) properties[key] = propertyOf(key);
  for (const entity of ENTITIES) properties[entity] = orSource(properties[entity] as JsonSchema);
  const ofGuard = Object.fromEntries(GROUPS.guard.map((key) => [key, propertyOf(key)]));
  const limits = {
    type: 'object',
    properties: ofGuard,
    additionalProperties: false,
  };
  properties['guard'] = {
    type: 'object',
    description: "the guard's limits for all entities, and for single ones, which override the common ones",
    properties: { ...ofGuard, ...Object.fromEntries(ENTITIES.map((entity) => [entity, limits])) },
    additionalProperties: false,
  };
  properties['lookups'] = {
    type: 'object',
    description: 'the inputs that the expressions of a mapping look up, by their names in the mapping',
    additionalProperties: orSource(SETTINGS.users.kind.schema),
    propertyNames: { not: { enum: ENTITIES } },
  };
  properties['watermark'] = {
    type: 'object',
    description:
      'feeds of changes: the column whose newest value the next run reads on from, as {watermark} in its query or address',
    properties: Object.fromEntries(ENTITIES.map((entity) => [entity, WATERMARK_SCHEMA])),
    additionalProperties: false,
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'rollcall.config.json',
    description: 'The config file of the command rollcall. JSON with comments and trailing commas.',
    type: 'object',
    properties,
    additionalProperties: false,
  };
}

/** An input is files, or a source of another kind. */
function orSource({ description, ...files }: JsonSchema): JsonSchema {
  return { anyOf: [files, sourceSchema()], description };
}

function propertyOf(key: SettingKey): JsonSchema {
  const { kind, description, fallback } = SETTINGS[key];
  const text = fallback === undefined ? description : `${description} (default: ${fallback})`;
  return { ...kind.schema, description: text };
}
