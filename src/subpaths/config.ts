/**
 * A config in code for the command line: `rollcall.config.ts` or `rollcall.config.mjs`.
 *
 * @module rollcall/config
 * @packageDocumentation
 */
export {
  defineConfig,
  type ConfigInput,
  type ConfigMapping,
  type ConfigSource,
  type ConfigSourceContext,
  type RollcallConfig,
} from '../cli/settings/code-config.js';
export type {
  DeclaredSourceOptions,
  FileQuery,
  LdapEntries,
  LdapMemberIds,
  RestPages,
  ServerQuery,
} from '../cli/settings/source-spec.js';
export type { WatermarkColumn } from '../cli/settings/watermark-spec.js';
export type { WrittenSettings } from '../cli/settings/written-settings.js';
