import type { OktaClient } from 'rollcall';
import type { EncodedBody, Session, SessionStatus } from 'rollcall/okta';

/** Told of every bulk request: `upsertUsers`, `deleteGroups` and so on, and its body. */
export type OnBody = (operation: string, body: string) => void;

/**
 * An Okta that acknowledges everything at once and has every session COMPLETED at the first look, so that a bench
 * runs the real sink, with its journal and its commits, and none of the service's waits.
 */
export function instantClient(onBody: OnBody): OktaClient {
  const statuses = new Map<string, SessionStatus>();
  const session = (id: string): Session => ({
    id,
    identitySourceId: 'bench',
    status: statuses.get(id) as SessionStatus,
    importType: 'INCREMENTAL',
    created: undefined,
    lastUpdated: undefined,
  });
  const load = (operation: string) => async (sessionId: string, content: unknown) => {
    statuses.set(sessionId, 'IN_PROGRESS');
    onBody(operation, (content as EncodedBody).body);
  };
  return {
    orgUrl: 'https://bench.example.com',
    identitySourceId: 'bench',
    serverDate: () => undefined,
    createSession: async () => {
      const id = `session-${statuses.size + 1}`;
      statuses.set(id, 'CREATED');
      return session(id);
    },
    listSessions: async () => [],
    // A session of an earlier process is settled as COMPLETED.
    getSession: async (id) => {
      if (!statuses.has(id)) statuses.set(id, 'COMPLETED');
      return session(id);
    },
    deleteSession: async (id) => void statuses.set(id, 'CLOSED'),
    startImport: async (id) => {
      statuses.set(id, 'COMPLETED');
      return { ...session(id), status: 'TRIGGERED' };
    },
    upsertUsers: load('upsertUsers'),
    deleteUsers: load('deleteUsers'),
    upsertGroups: load('upsertGroups'),
    deleteGroups: load('deleteGroups'),
    upsertMemberships: load('upsertMemberships'),
    deleteMemberships: load('deleteMemberships'),
    close: async () => undefined,
  };
}
