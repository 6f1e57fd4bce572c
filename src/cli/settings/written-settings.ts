// Made from the table of settings; test/cli/config-code.test.ts writes it with UPDATE_DOCS=1.
/** The settings as a config file writes them. Durations are texts such as `5m`. */
export interface WrittenSettings {
  /** The address of the Okta org, e.g. https://example.okta.com. */
  readonly orgUrl?: string;
  /** The id of the identity source in Okta. */
  readonly identitySource?: string;
  /** A PEM file with the CA certificates to trust instead of Node's own. */
  readonly ca?: string;
  /** The most requests at the same time. @defaultValue 4 */
  readonly concurrency?: number;
  /** The share of each rate-limit window that rollcall may use. @defaultValue 0.5, or 10 requests if that is more and leaves 5 */
  readonly rateLimitShare?: number;
  /** The longest time of one attempt of a request. @defaultValue 60s */
  readonly requestTimeout?: string;
  /** The longest time to connect. @defaultValue 10s */
  readonly connectTimeout?: string;
  /** The most attempts of one request, including the first. @defaultValue 6 */
  readonly maxAttempts?: number;
  /** The largest response that is read, in bytes. @defaultValue 8388608 */
  readonly maxResponseBytes?: number;
  /** The files with users: paths, globs, or - for standard input; gzip and ZIP are unpacked. */
  readonly users?: string | readonly string[];
  /** The files with groups, in the same way. */
  readonly groups?: string | readonly string[];
  /** The files with memberships, in the same way. */
  readonly memberships?: string | readonly string[];
  /** The format of standard input and of unknown extensions; without such an input, of all inputs. @defaultValue by the extension of the name */
  readonly format?: 'csv' | 'json' | 'jsonl' | 'xlsx';
  /** CSV: the character between fields, or tab. @defaultValue recognised from the header: comma, semicolon, tab or bar */
  readonly delimiter?: string;
  /** The encoding of the inputs, such as windows-1252. @defaultValue UTF-8, or UTF-16 where the first bytes show it */
  readonly encoding?: string;
  /** CSV: the number of lines before the header. @defaultValue 0 */
  readonly skipLines?: number;
  /** CSV: the last line of each file, e.g. TRAILER,{count}; a file without it was cut off. */
  readonly trailer?: string;
  /** The rows of the input, or of several: users=1200 groups=30; with another number it was cut off. @defaultValue any number */
  readonly expectRows?:
    number | { readonly users?: number; readonly groups?: number; readonly memberships?: number };
  /** A file that is written when the export is complete; without it, or if it is older, a file was cut off. */
  readonly completeMarker?: string;
  /** JSON: the path of the array in the document, e.g. value. @defaultValue the document is the array */
  readonly jsonPath?: string;
  /** Excel: the name of the sheet, or its number among the visible ones. @defaultValue the first visible sheet */
  readonly sheet?: string;
  /** The mapping file, which maps columns to attributes. @defaultValue columns named after Okta's attributes */
  readonly map?: string;
  /** The day that a mapping calls today, so that a plan can be repeated. @defaultValue the current day in UTC */
  readonly today?: string;
  /** A record whose id appears earlier in the same source: reject it, or fail the run. @defaultValue reject */
  readonly onDuplicate?: 'reject' | 'fail';
  /** Delete an entity only after it was missing from this many complete reads in a row. @defaultValue 1 */
  readonly absenceReads?: number;
  /** A read counts for --absence-reads only if the last one that counted is this old. @defaultValue 1h */
  readonly absenceMinAge?: string;
  /** Never delete these external ids; an id that ends in * is a prefix. */
  readonly protect?: string | readonly string[];
  /** Attributes of users and groups that are never cleared in Okta, e.g. one that its schema does not have any more. */
  readonly neverClear?: string | readonly string[];
  /** Leave these external ids alone, in the sources and in Okta; an id that ends in * is a prefix. */
  readonly exclude?: string | readonly string[];
  /** Delete in Okta what --exclude names, instead of leaving it alone. @defaultValue off */
  readonly deleteExcluded?: boolean;
  /** Delta: a feed of changes, in which only marked records are deleted; for one input: memberships=delta. @defaultValue full */
  readonly mode?:
    | 'full'
    | 'delta'
    | {
        readonly users?: 'full' | 'delta';
        readonly groups?: 'full' | 'delta';
        readonly memberships?: 'full' | 'delta';
      };
  /** With memberships=delta: the feed has all memberships of each person, or group, that it names, and the others end. */
  readonly completeFor?: 'members' | 'groups';
  /** The attributes that every record must have: users=userName,email. @defaultValue users=userName,email groups=displayName */
  readonly required?: {
    readonly users?: readonly string[];
    readonly groups?: readonly string[];
    readonly memberships?: readonly string[];
  };
  /** Records in JSON: which values become texts; without it, a record with another value than a text is rejected. @defaultValue none */
  readonly coerce?: 'none' | 'numbers' | 'booleans' | 'all';
  /** Characters beyond U+FFFF, such as emoji, which Okta does not accept: reject the record, or replace them. @defaultValue reject */
  readonly unsupportedCharacters?: 'reject' | { readonly replaceWith: string };
  /** Send memberships in the same session as new users and groups, although Okta does not promise the order. @defaultValue off */
  readonly mixed?: boolean;
  /** The directory in which rollcall stores the last state that Okta confirmed, or postgres://USER@HOST/DATABASE. @defaultValue rollcall-state */
  readonly state?: string;
  /** Write reports into this directory. */
  readonly report?: string;
  /** Send a signed message to this address if a sync fails, is stopped by the guard, or leaves something undone. */
  readonly notify?: string;
  /** Fail if there is no state, instead of creating one: a lost state is noticed. @defaultValue off */
  readonly requireState?: boolean;
  /** How long to wait for another process that uses the state. @defaultValue 90s */
  readonly waitLock?: string;
  /** Guard: the most deletions, in percent of the entities in Okta that are not protected. @defaultValue 20 */
  readonly maxDeletePercent?: number;
  /** Guard: the most deletions of this plan and of the last seven days together, in percent. @defaultValue that of --max-delete-percent */
  readonly maxWeekDeletePercent?: number;
  /** Guard: this many deletions are allowed whatever their share. @defaultValue 5 */
  readonly minDeletes?: number;
  /** Guard: the most deletions. @defaultValue no limit */
  readonly maxDeletes?: number;
  /** Guard: the most updates, in percent of the entities in Okta. @defaultValue 50 */
  readonly maxUpdatePercent?: number;
  /** Guard: this many updates are allowed whatever their share. @defaultValue 5 */
  readonly minUpdates?: number;
  /** Guard: the most people or groups that lose the text of one attribute, in percent of those in Okta. @defaultValue 20 */
  readonly maxEmptiedPercent?: number;
  /** Guard: this many may lose the text of an attribute whatever their share. @defaultValue 5 */
  readonly minEmptied?: number;
  /** Guard: the most updates. @defaultValue no limit */
  readonly maxUpdates?: number;
  /** Guard: the most creations. @defaultValue no limit */
  readonly maxCreates?: number;
  /** Guard: the most people who come back under another external id (same userName). @defaultValue 3 */
  readonly maxIdChanges?: number;
  /** Guard: the most members that one group may lose, in percent of its members. @defaultValue 50 */
  readonly maxGroupLossPercent?: number;
  /** Guard: each group may lose this many members whatever their share. @defaultValue 20 */
  readonly minGroupLosses?: number;
  /** Guard: the most days for which deletions may be held back. @defaultValue 7 */
  readonly maxHeldBackDays?: number;
  /** Guard: by how many files an input may have fewer than at the last complete run. @defaultValue 0 */
  readonly maxMissingFiles?: number;
  /** Guard: a condition (when) that left out more rows than this at the last complete run must not leave out none. @defaultValue 5 */
  readonly minLeftOut?: number;
  /** Guard: the most rejected records, in percent of the records read. @defaultValue 5 */
  readonly maxRejectPercent?: number;
  /** Guard: --max-reject-percent applies only from this number of rejected records on. @defaultValue 20 */
  readonly minRejects?: number;
  /** Guard: accept a source without records, even if Okta has entities. @defaultValue off */
  readonly allowEmpty?: boolean;
  /** Exit with 0 instead of 5 if records were rejected or refused, or deletions are held back. @defaultValue off */
  readonly allowRejects?: boolean;
  /** The longest wait between triggering a session and creating the next. @defaultValue 5m */
  readonly cooldown?: string;
  /** The shortest wait between triggering a session and creating the next. @defaultValue 0s */
  readonly cooldownMin?: string;
  /** How often to check a session that Okta is importing. @defaultValue 2s */
  readonly poll?: string;
  /** Leave a session to the next run if Okta is still importing it after this time. @defaultValue 1h */
  readonly pollTimeout?: string;
  /** How long requests that did not reach Okta are sent again before the run ends. @defaultValue 15m */
  readonly patience?: string;
  /** An open session that this state did not create: fail the run, cancel the session, or adopt it. @defaultValue fail */
  readonly foreignSession?: 'fail' | 'cancel' | 'adopt';
  /** The most sessions that are loaded or imported at the same time. @defaultValue 2 */
  readonly sessionsInFlight?: number;
  /** The most bulk requests of one session. @defaultValue 50, Okta's limit */
  readonly requestsPerSession?: number;
  /** The most bulk requests of one session at the same time. @defaultValue 4 */
  readonly loadsInFlight?: number;
  /** After the run, read so many of the confirmed changes back from Okta, chosen at random. @defaultValue 0 */
  readonly verifySample?: number;
}
