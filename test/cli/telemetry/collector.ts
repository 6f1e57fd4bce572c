import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request to a collector. */
export interface Export {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface WrittenSpan {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly Attribute[];
  readonly events: readonly { readonly name: string }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface Point {
  readonly attributes: readonly Attribute[];
  readonly asDouble?: number;
  readonly asInt?: number | string;
  readonly count?: number | string;
}

interface WrittenMetric {
  readonly name: string;
  readonly sum?: { readonly dataPoints: readonly Point[] };
  readonly histogram?: { readonly dataPoints: readonly Point[] };
}

interface Body {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly WrittenSpan[] }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly WrittenMetric[] }[];
  }[];
}

/** A collector of OTLP over HTTP on this machine; with `answers: false` it takes requests and never answers. */
export async function startCollector({ answers = true } = {}) {
  const exports: Export[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      exports.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts) });
      const isJson = request.headers['content-type'] === 'application/json';
      if (answers)
        response.writeHead(200, { 'content-type': request.headers['content-type'] }).end(isJson ? '{}' : '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    exports,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

const bodiesOf = (exports: readonly Export[], path: string) =>
  exports.filter((each) => each.path === path).map(({ body }) => JSON.parse(body.toString()) as Body);

const textOf = (attributes: readonly Attribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** The spans of exports in JSON. */
export function spansOf(exports: readonly Export[]) {
  return bodiesOf(exports, '/v1/traces')
    .flatMap(({ resourceSpans = [] }) => resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .map((span) => ({ ...span, attributes: textOf(span.attributes) }));
}

/** The attributes of the resource of exports in JSON. */
export function resourceOf(exports: readonly Export[]): Record<string, unknown> {
  const [first] = bodiesOf(exports, '/v1/traces').flatMap(({ resourceSpans = [] }) => resourceSpans);
  return textOf(first?.resource.attributes ?? []);
}

/** The last values of the metrics of exports in JSON, by name and values of the attributes: sums, and the counts of histograms. */
export function metricsOf(exports: readonly Export[]): Record<string, number> {
  const values: Record<string, number> = {};
  const metrics = bodiesOf(exports, '/v1/metrics')
    .flatMap(({ resourceMetrics = [] }) => resourceMetrics)
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  for (const { name, sum, histogram } of metrics)
    for (const { attributes, asDouble, asInt, count } of (sum ?? histogram)?.dataPoints ?? [])
      values[[name, ...Object.values(textOf(attributes))].join(' ')] = Number(asDouble ?? asInt ?? count);
  return values;
}
