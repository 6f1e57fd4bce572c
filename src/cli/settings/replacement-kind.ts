import { isObject, Unexpected, type Kind } from './setting-kinds.js';

/** What happens to a character that Okta does not accept. */
export type Unsupported = 'reject' | { readonly replaceWith: string };

const PREFIX = 'replaceWith=';

/** `reject`, or `replaceWith=?`, in a config file `{ "replaceWith": "?" }`. */
export function replacement(): Kind<Unsupported> {
  const expected = 'reject, or { "replaceWith": "text" }';
  const read = (value: unknown): Unsupported => {
    if (value === 'reject') return value;
    if (!isObject(value) || Object.keys(value).length !== 1 || typeof value['replaceWith'] !== 'string')
      throw new Unexpected(expected, value);
    return { replaceWith: value['replaceWith'] };
  };
  return {
    placeholder: 'reject|replaceWith=text',
    many: false,
    isPath: false,
    parse: (text) => {
      if (typeof text === 'string' && text.startsWith(PREFIX))
        return { replaceWith: text.slice(PREFIX.length) };
      return read(text);
    },
    read,
    schema: {
      anyOf: [
        { const: 'reject' },
        {
          type: 'object',
          properties: { replaceWith: { type: 'string' } },
          required: ['replaceWith'],
          additionalProperties: false,
        },
      ],
    },
    type: "'reject' | { readonly replaceWith: string }",
  };
}
