import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

/**
 * Leaves out the words of error messages: text among the arguments of `new …Error(…)`. Callers are promised the class and
 * its code, which are tested; the sentence is for people, and a test that repeats it would only hold its wording.
 * Conditions around a message, and everything else about the error, are mutated.
 */
const messageText = {
  shouldIgnore(path) {
    if (!path.isStringLiteral() && !path.isTemplateLiteral()) return undefined;
    // A sentence may be put together: 'a' + (b ? `c ${d}` : 'e').
    const sentence = path.findParent(
      (parent) => !parent.isBinaryExpression() && !parent.isConditionalExpression(),
    );
    return sentence?.isNewExpression() && /Error$/.test(sentence.node.callee.name ?? '')
      ? 'the words of an error message'
      : undefined;
  },
};

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, 'message-text', messageText)];
