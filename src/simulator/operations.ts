import { emptyContent, jsonContent, sessionJson, type Content } from './answers.js';
import { ApiFault, invalid } from './api-fault.js';
import { readContent } from './content.js';
import { performEntity } from './entity-operations.js';
import type { Passage } from './gate.js';
import type { CheckedOrgOptions } from './options.js';
import { performReading } from './reading-operations.js';
import type { SourceRoute } from './routes.js';
import type { SourceSessions } from './sessions.js';
import type { FaultKind, OrgRequest } from './types.js';

/** Executes the operation of a request. @throws ApiFault for an operation that the API refuses. */
export function perform(
  options: CheckedOrgOptions,
  passage: Passage,
  route: SourceRoute,
  source: SourceSessions,
): Content {
  const { now, request, fault } = passage;
  const { sourceId } = route;
  const seenAt = (kind: FaultKind) => (fault?.kind === kind ? now - options.staleMs : now);
  switch (route.name) {
    case 'create':
      return jsonContent(options.createStatus, sessionJson(sourceId, source.create(now)));
    case 'list':
      return jsonContent(
        200,
        source.list(seenAt('staleList')).map((one) => sessionJson(sourceId, one)),
      );
    case 'get':
      return jsonContent(200, sessionJson(sourceId, source.get(route.sessionId, now, seenAt('staleGet'))));
    case 'cancel':
      source.cancel(route.sessionId, now);
      return emptyContent(204);
    case 'start-import': {
      const failsAfter = fault?.kind === 'sessionError' ? (fault.applied ?? 0) : undefined;
      const session = sessionJson(sourceId, source.trigger(route.sessionId, now, failsAfter));
      return jsonContent(200, options.startImportAnswer === 'array' ? [session] : session);
    }
    case 'bulk': {
      source.requireLoadable(route.sessionId, now);
      const items = readContent(route.bulk, request.body);
      passage.items = items.length;
      for (const item of items) {
        const refused = options.refuseItem(item);
        if (refused === true || typeof refused === 'string')
          throw invalid(refused === true ? 'an item was refused' : refused);
      }
      if (items.some((item) => options.poison(item) === 'load')) throw new ApiFault(500, 'E0000009');
      source.load(route.sessionId, items, now);
      return emptyContent(202);
    }
    case 'app-users':
    case 'unconfirmed-users':
    case 'org-groups':
    case 'schema':
      return performReading(options, source.directory, route, urlOf(request));
    default:
      return performEntity(source.directory, route, request, urlOf(request), now);
  }
}

function urlOf({ headers, path }: OrgRequest): string {
  return `http://${headers['host'] ?? 'localhost'}${path}`;
}
