import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long the machine is watched before a case. */
const WATCH_MS = 1000;
/** Above this share of its cores in use by others, a machine is busy: ratios spread then, and walls mean little. */
const BUSY = 0.1;

/** What others did with the machine right before a case, while the bench did nothing. */
export interface MachineLoad {
  /** Load average of the minute before; the bench's own runs of that minute are in it. */
  readonly average: number;
  /** The share of all cores that others used, from 0 to 1. */
  readonly others: number;
}

/** Watches the machine for a moment. */
export async function machineLoad(): Promise<MachineLoad> {
  const before = coreTimes();
  await sleep(WATCH_MS);
  const after = coreTimes();
  const share = (after.busy - before.busy) / Math.max(1, after.all - before.all);
  return { average: Number((loadavg()[0] ?? 0).toFixed(2)), others: Number(share.toFixed(2)) };
}

export function isBusy({ others }: MachineLoad): boolean {
  return others > BUSY;
}

/** Load average and what others used, in words. */
export function loadText({ average, others }: MachineLoad): string {
  return `load average ${average}, others use ${Math.round(others * 100)} % of the cores`;
}

function coreTimes(): { readonly busy: number; readonly all: number } {
  let idle = 0;
  let all = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    for (const ms of Object.values(times)) all += ms;
  }
  return { busy: all - idle, all };
}
