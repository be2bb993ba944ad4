import type { Abuse } from '../abuse.ts';
import { nameOf, run } from '../call.ts';
import { sideBySide, Tally } from '../tally.ts';

const PARAMETERS = ['temperature', 'top_p', 'max_tokens', 'seed', 'repetition_penalty', 'timeout'];
const LONG = `${'1'.repeat(20_000)}x`;

export const longNumber: Abuse = {
  name: 'long-number',
  sends: 'Runs with 20,000 digits and a letter as each of six numbers, eight at once',
  bound: 'each is refused',
  async inflict(target) {
    const tally = new Tally();
    const rounds = target.isShort ? 12 : 60;
    await sideBySide(PARAMETERS.length * rounds, 8, async (index) => {
      const name = PARAMETERS[index % PARAMETERS.length] ?? '';
      tally.count(nameOf(await run(target, { prompt: 'x', [name]: LONG })));
    });
    const accepted = tally.of('accepted') + tally.of('no answer');
    return {
      answers: tally.answers,
      broken: accepted === 0 ? null : `${accepted} were not refused`,
    };
  },
};
