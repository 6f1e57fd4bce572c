import type { Environment } from '../process/environment.js';

/** What the environment asks for. */
export interface WantedSignals {
  readonly traces: boolean;
  readonly metrics: boolean;
  /** The variable that asks, for messages. */
  readonly variable: string;
  /** The host of the collector, for messages: the rest of an address may be a secret. */
  readonly host: string;
}

const BOTH = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const TRACES = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
const METRICS = 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT';

/**
 * The signals for which the environment names a collector. Undefined if it names none, or if `OTEL_SDK_DISABLED` is true. Without an
 * address nothing is sent: the SDK's default is this machine, where on most hosts nobody listens.
 */
export function wantedSignals(env: Environment): WantedSignals | undefined {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return undefined;
  const isSet = (name: string) => (env[name]?.trim() ?? '') !== '';
  const variable = [BOTH, TRACES, METRICS].find(isSet);
  if (variable === undefined) return undefined;
  const address = env[variable] as string;
  return {
    traces: isSet(BOTH) || isSet(TRACES),
    metrics: isSet(BOTH) || isSet(METRICS),
    variable,
    host: URL.canParse(address) ? new URL(address).host : 'the collector',
  };
}
