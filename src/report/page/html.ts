/** Markup that is safe to insert. Only {@link html} creates it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A value inside a template: text is escaped, markup is not; false and undefined are empty. */
export type Part = string | number | Html | readonly Part[] | false | undefined;

/**
 * A template tag that escapes every text inside it, in content and in quoted attributes, so that markup comes only from
 * the templates of this folder and never from data.
 */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = literals[0] ?? '';
  for (const [i, part] of parts.entries()) text += render(part) + (literals[i + 1] ?? '');
  return new Html(text);
}

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  return part.map(render).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Text as HTML. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (character) => ENTITIES[character] as string);
}

/** Control characters, invisible and direction-changing characters, line and paragraph separators, half surrogate pairs. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text in which characters that a browser does not show as they are, are written as code points. */
function visible(text: string): string {
  return text.replace(
    UNSEEN,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}}`,
  );
}
