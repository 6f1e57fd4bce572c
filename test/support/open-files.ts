import { readdirSync, readlinkSync } from 'node:fs';

/** The number of files that this process has open, by their path, also of removed files. On systems other than Linux it is 0. */
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
