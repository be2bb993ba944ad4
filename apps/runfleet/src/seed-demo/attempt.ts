/** The parts of an attempt on a worker. */
import type { DemoLife } from './demo-life.ts';
import type { Dice } from './dice.ts';
import { busynessAt } from './queue-moments.ts';

export const LOST_HOST = 'demo-data-2';
export const LEASE_MS = 15_000;
const CHARACTERS_PER_TOKEN = 4.2;
const CHUNKS_MAX = 14;

/** An estimate of the number of tokens. */
export const tokensOf = (text: string): number =>
  Math.max(1, Math.ceil(text.length / CHARACTERS_PER_TOKEN));

/** Waits for a worker, longer while the fleet is busy. */
export function accept(life: DemoLife, dice: Dice): void {
  const busyness = busynessAt(Number(life.now / 1_000n));
  const isCrowded = dice.fraction() < busyness * 0.15;
  life.after(isCrowded ? dice.between(1_500, 18_000) : 20 + dice.wait(120)).raiseEpoch();
  life.enter('task_assign').after(dice.between(3, 25));
  life.enter('task_accept').enter('task_preprocess_start');
}

/** Carries the task up to the start of the model. */
export function begin(life: DemoLife, dice: Dice): void {
  accept(life, dice);
  life.after(dice.between(2, 12)).enter('task_preprocess_end').enter('task_start');
}

/** Writes the first `share` of the answer in pieces, at the speed of one machine. */
export function say(life: DemoLife, answer: string, dice: Dice, share: number): string {
  const said =
    share >= 1 ? answer : answer.slice(0, Math.max(1, Math.floor(answer.length * share)));
  const tokens = tokensOf(said);
  const chunks = Math.min(CHUNKS_MAX, tokens);
  const msPerToken = 1_000 / dice.between(18, 46);
  life.after(dice.between(70, 280));
  for (let chunk = 1; chunk <= chunks; chunk++) {
    const from = Math.round((said.length * (chunk - 1)) / chunks);
    const to = Math.round((said.length * chunk) / chunks);
    const before = life.state.outputTokens;
    const now = Math.round((tokens * chunk) / chunks);
    life.after((now - before) * msPerToken * dice.between(0.8, 1.2));
    life.say(said.slice(from, to), now);
  }
  return said;
}

/** An attempt whose worker is lost in the middle, until its lease expires. */
export function lose(life: DemoLife, answer: string, dice: Dice): void {
  begin(life, dice);
  say(life, answer, dice, dice.between(0.1, 0.5));
  life.after(LEASE_MS + dice.between(0, 2_000)).requeue(`worker lost (${LOST_HOST})`);
}
