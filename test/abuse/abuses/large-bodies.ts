import type { Abuse } from '../abuse.ts';
import { call, nameOf } from '../call.ts';
import { sideBySide, Tally } from '../tally.ts';

const LIST = JSON.stringify({ search: 'z'.repeat(950_000) });
const JUNK = `{"prompt":[${'{"a":'.repeat(150_000)}`;
/** JSON in a text, which is parsed apart from the body. */
const IN_TEXT = JSON.stringify({
  messages: `[{${Array.from({ length: 70_000 }, (_, n) => `"k${n}":1`).join(',')}}]`,
});
const DEEP = JSON.stringify({ prompt: 'x', messages: Array(100_000).fill({ role: 'user' }) });

export const largeBodies: Abuse = {
  name: 'large-bodies',
  sends:
    'Tool/List bodies of 0.95 MB without a key, 40 at once; Runs of junk, also as JSON in a text, 24 at once',
  bound: 'no body without a key is accepted',
  async inflict(target) {
    const tally = new Tally();
    const rounds = target.isShort ? 2 : 8;
    await sideBySide(40 * rounds, 40, async () => {
      tally.count(`list ${nameOf(await call(target, 'Tool/List', LIST, { isSigned: false }))}`);
    });
    const path = 'Run/microsoft/Phi-3.5-mini-instruct';
    await sideBySide(24 * rounds, 24, async (index) => {
      const body = [JUNK, DEEP, IN_TEXT][index % 3] ?? JUNK;
      tally.count(`Run ${nameOf(await call(target, path, body))}`);
    });
    const accepted = tally.of('list accepted');
    return {
      answers: tally.answers,
      broken: accepted === 0 ? null : `${accepted} lists were answered`,
    };
  },
};
