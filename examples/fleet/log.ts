/** One line of JSON for each event: at least one for each run. No line has a profile value or a secret. */
export function log(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), event, ...fields }));
}
