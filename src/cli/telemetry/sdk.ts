import type { Meter, Tracer } from '@opentelemetry/api';
import { VERSION } from '../process/version.js';
import type { Environment } from '../process/environment.js';
import type { WantedSignals } from './signals.js';

/** The package of OpenTelemetry. */
export type SdkPackage = typeof import('@opentelemetry/sdk-node');

/** A started SDK. */
export interface Sdk {
  readonly tracer: Tracer;
  readonly meter: Meter;
  /** True if an export failed. The reasons are not kept, because they may contain addresses and headers. */
  readonly failed: boolean;
  /** Sends what is left, and unregisters the SDK. */
  shutdown(): Promise<void>;
}

/** Loads the package, which is an optional peer dependency: only who exports traces or metrics installs it. */
export const loadSdkPackage = (): Promise<SdkPackage> => import('@opentelemetry/sdk-node');

/**
 * Starts the SDK. It reads exporters, headers, intervals, samplers and the names of the service from the `OTEL_*` variables of the process.
 * The attributes of the process are left out unless `OTEL_NODE_RESOURCE_DETECTORS` asks for them: they contain the command line, in
 * which ids can be written.
 */
export function startSdk(
  { NodeSDK, api, resources }: SdkPackage,
  { traces, metrics }: WantedSignals,
  env: Environment,
): Sdk {
  const isSet = (name: string) => (env[name] ?? '') !== '';
  const own = resources.resourceFromAttributes({ 'service.name': 'rollcall', 'service.version': VERSION });
  const sdk = new NodeSDK({
    resource: resources.defaultResource().merge(own),
    ...(!isSet('OTEL_NODE_RESOURCE_DETECTORS') && {
      resourceDetectors: [resources.envDetector, resources.hostDetector],
    }),
    ...(!traces && !isSet('OTEL_TRACES_EXPORTER') && { spanProcessors: [] }),
    ...(!metrics && !isSet('OTEL_METRICS_EXPORTER') && { metricReaders: [] }),
    logRecordProcessors: [],
  });
  let failed = false;
  const ignored = () => undefined;
  // The SDK reports failures to its logger alone. Its own logger would write to standard output.
  api.diag.setLogger(
    { error: () => void (failed = true), warn: ignored, info: ignored, debug: ignored, verbose: ignored },
    { logLevel: api.DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
  sdk.start();
  return {
    tracer: api.trace.getTracer('rollcall', VERSION),
    meter: api.metrics.getMeter('rollcall', VERSION),
    get failed() {
      return failed;
    },
    async shutdown() {
      try {
        await sdk.shutdown();
      } finally {
        for (const part of [api.trace, api.metrics, api.context, api.propagation, api.diag]) part.disable();
      }
    },
  };
}
