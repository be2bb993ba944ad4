import type { Abuse } from '../abuse.ts';
import { nameOf, run } from '../call.ts';
import { sideBySide, Tally } from '../tally.ts';

export const manyLabels: Abuse = {
  name: 'many-labels',
  sends: '1,500 Runs, each with unique labels that no worker has',
  bound: 'the neighbour, whose Runs require a label too, is not delayed',
  async inflict(target) {
    const tally = new Tally();
    await sideBySide(target.isShort ? 500 : 1_500, 16, async (index) => {
      const requires = `gpu=none-${index}, zone=${'z'.repeat(20)}${index}`;
      const answer = await run(
        target,
        { prompt: 'x', max_tokens: 1 },
        { 'x-runfleet-requires': requires },
      );
      tally.count(nameOf(answer));
    });
    return { answers: tally.answers, broken: null };
  },
};
