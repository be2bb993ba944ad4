import type { Abuse } from '../abuse.ts';
import { call, nameOf, run } from '../call.ts';
import { sideBySide, Tally } from '../tally.ts';

const PROMPT = 'z '.repeat(490_000);
const CALLERS = 8;

export const largeAnswers: Abuse = {
  name: 'large-answers',
  sends: 'Task/Detail of a Run that is rejected for its prompt of 0.98 MB, eight at once',
  bound: 'most are refused',
  async inflict(target) {
    const tally = new Tally();
    const { taskId } = await run(target, { prompt: PROMPT, max_tokens: 1 });
    const tries = target.isShort ? 240 : 1_200;
    let answeredBytes = 0;
    await sideBySide(tries, CALLERS, async () => {
      const answer = await call(target, 'Task/Detail', JSON.stringify({ taskid: taskId }));
      answeredBytes += answer.text.length;
      tally.count(nameOf(answer));
    });
    tally.count('all answers, MB', Math.round(answeredBytes / 1_000_000));
    const refused = tally.of('HTTP 429');
    return {
      answers: tally.answers,
      broken: refused > tries / 2 ? null : `${refused} of ${tries} were refused`,
    };
  },
};
