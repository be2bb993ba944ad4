import type { Abuse } from '../abuse.ts';
import { nameOf, run } from '../call.ts';
import { sideBySide, Tally } from '../tally.ts';

const CALLERS = 8;

/** Each takes the whole budget of steps and is then refused. No two are equal, so each is read. */
const GRAMMARS: readonly ((index: number) => Record<string, unknown>)[] = [
  (index) => ({ regex: `${'[^a]?'.repeat(180)}${index}` }),
  (index) => ({
    response_format: {
      type: 'json_schema',
      json_schema: {
        schema: {
          type: 'object',
          properties: Object.fromEntries(
            Array.from({ length: 300 }, (_, n) => [
              `p${index}-${n}`,
              { type: 'string', pattern: '.*'.repeat(20) },
            ]),
          ),
        },
      },
    },
  }),
];

export const refusedGrammars: Abuse = {
  name: 'refused-grammars',
  sends: 'Runs whose regex or schema takes all steps of the budget to read, eight at once',
  bound: 'none is accepted, and most are refused unread',
  async inflict(target) {
    const tally = new Tally();
    const tries = target.isShort ? 160 : 800;
    await sideBySide(tries, CALLERS, async (index) => {
      const grammar = GRAMMARS[index % GRAMMARS.length]?.(index);
      tally.count(nameOf(await run(target, { prompt: 'a', max_tokens: 2, ...grammar })));
    });
    const accepted = tally.of('accepted');
    const unread = tally.of('HTTP 429');
    return {
      answers: tally.answers,
      broken:
        accepted > 0
          ? `${accepted} were accepted`
          : unread > tries / 2
            ? null
            : `${unread} of ${tries} were refused unread`,
    };
  },
};
