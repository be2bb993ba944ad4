import type { Abuse } from '../abuse.ts';
import { nameOf, run } from '../call.ts';
import { followToEnd } from '../follow-to-end.ts';
import { sideBySide, Tally } from '../tally.ts';

const END_MS = 25_000;
const REGEX = '((.*[a-m].{60}|.*[n-z].{70}|.*[0-9].{80}|.*[A-Z].{90}){1,50})';

export const costlyGrammar: Abuse = {
  name: 'costly-grammar',
  sends: 'Runs of 300 tokens whose regex has many ways to match, four at once',
  bound: 'each is refused or ends',
  async inflict(target) {
    const tally = new Tally();
    let unfinished = 0;
    await sideBySide(target.isShort ? 4 : 16, 4, async () => {
      const answer = await run(target, { prompt: 'Write', max_tokens: 300, regex: REGEX });
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
