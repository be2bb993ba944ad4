import type { Abuse } from '../abuse.ts';
import { nameOf, run } from '../call.ts';
import { followToEnd } from '../follow-to-end.ts';
import { sideBySide, Tally } from '../tally.ts';

const END_MS = 25_000;
const FIRST_CHARACTER = 0x4e00;
const CHARACTERS = 7_000;

export const widePattern: Abuse = {
  name: 'wide-pattern',
  sends: `Runs whose answer must match a class without ${CHARACTERS} characters, up to 9,999 times, four at once`,
  bound: 'each is refused or ends',
  async inflict(target) {
    const tally = new Tally();
    const characters = Array.from({ length: CHARACTERS }, (_, index) =>
      String.fromCodePoint(FIRST_CHARACTER + index),
    ).join('');
    const schema = {
      type: 'object',
      properties: { a: { type: 'string', pattern: `[^${characters}]{1,9999}` } },
      required: ['a'],
      additionalProperties: false,
    };
    const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } };
    let unfinished = 0;
    await sideBySide(target.isShort ? 4 : 16, 4, async () => {
      const answer = await run(target, { prompt: 'x', max_tokens: 32, response_format });
      tally.count(nameOf(answer));
      if (answer.token === null) return;
      const how = await followToEnd(target, answer.token, END_MS);
      tally.count(how);
      if (how === 'no end') unfinished += 1;
    });
    return {
      answers: tally.answers,
      broken: unfinished === 0 ? null : `${unfinished} did not end within 25 s`,
    };
  },
};
