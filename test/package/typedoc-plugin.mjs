import { Converter, ReflectionKind } from 'typedoc';
import { MarkdownPageEvent } from 'typedoc-plugin-markdown';

/** What the reference has otherwise than TypeDoc makes it. */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    // Programs catch errors, and do not create them.
    for (const each of project.getReflectionsByKind(ReflectionKind.Constructor))
      if (each.parent.name.endsWith('Error')) project.removeReflection(each);
    // `pipe` has a signature for each number of stages. The third has all kinds of stages.
    for (const { signatures } of project.getReflectionsByKind(ReflectionKind.Function))
      if (signatures.length > 3)
        for (const each of signatures.filter((_, i) => i !== 2)) project.removeReflection(each);
  });

  // A comment may name whatever is public, whether its file imports it or not.
  app.converter.addUnknownSymbolResolver(({ symbolReference }, from, part) => {
    if (part === undefined) return undefined; // a type of another package
    const name = symbolReference?.path?.map(({ path }) => path).join('.');
    const target = from.project.children
      .flatMap(({ children }) => children)
      .find((each) => each.name === name);
    return target && { target };
  });

  app.renderer.on(MarkdownPageEvent.END, (page) => {
    page.contents = page.contents
      // An event is found by its type.
      .replace(/^(#+) Type Literal\n\n(```ts\n\{[^`]*?\btype: "([^"]+)")/gm, '$1 $3\n\n$2')
      // The signature has the type parameters.
      .replace(/^#+ Type Parameters\n\n\| Type Parameter \|\n\| :-+ \|\n(\|.*\|\n)+\n/gm, '')
      // A property without a default says so by an empty cell.
      .replaceAll(/(?<!\\)\| `undefined` \|/g, '| |')
      // A heading is an anchor itself, if it is the only one of its name. Rows are none: their numbers would change with every new symbol.
      .replace(/<a id="[^"]*\D"><\/a>\n\n/g, '')
      .replace(/<a id="[^"]*"><\/a> /g, '')
      .replace(/\[([^\]]+)\]\([^)]*#(property|type-parameter)-[^)]*\)/g, '`$1`');
  });
}
