/** Markup that is safe to put into a page. Only {@link html} makes it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: text is escaped, markup is not, and what is false or not there is nothing. */
export type Part = string | number | Html | readonly Part[] | false | undefined;

/**
 * A template that escapes every text put into it, in content and in quoted attributes: markup comes from the templates
 * of this folder alone, never from data.
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

/** Controls, what turns the direction of text or cannot be seen, line and paragraph separators, half surrogate pairs. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text with what a page would not show, or would show as something else, written as its code point. */
function visible(text: string): string {
  return text.replace(
    UNSEEN,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}}`,
  );
}
