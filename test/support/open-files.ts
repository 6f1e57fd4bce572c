import { readdirSync, readlinkSync } from 'node:fs';

/** How many files this process has open whose path is meant, those that were removed among them (Linux; elsewhere 0). */
export function openFiles(isMeant: (path: string) => boolean): number {
  try {
    return readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return isMeant(readlinkSync(`/proc/self/fd/${fd}`));
      } catch {
        return false;
      }
    }).length;
  } catch {
    return 0;
  }
}
