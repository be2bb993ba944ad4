import type { Micros } from '@runfleet/protocol';

import { type Conversation, LONG_PROMPT } from './conversations.ts';
import { DemoLife, type DemoTask } from './demo-life.ts';
import type { Dice } from './dice.ts';
import { busynessAt } from './queue-moments.ts';

/** What can become of a task, and of how many of the 500 it does. */
export const FATES = {
  answered: 383,
  'cut at max_tokens': 30,
  'cut by the timeout': 8,
  'answered at the second attempt': 20,
  killed: 20,
  cancelled: 8,
  rejected: 10,
  'given up': 8,
  expired: 8,
  queued: 5,
} as const;
export type Fate = keyof typeof FATES;

/** Said wherever a device is shown. */
export const DEMO_DEVICE = 'demo data, no device';
export const LOST_HOST = 'demo-data-2';
const LEASE_MS = 15_000;
const ATTEMPTS = 3;
const CHARACTERS_PER_TOKEN = 4.2;
const TEMPLATE_TOKENS = 6;
const CHUNKS_MAX = 14;
const TIMEOUT_SECONDS = 300;
const SHORT_TIMEOUT_SECONDS = 2;

/** What a task of that fate asks for. */
export function demoParameters(
  fate: Fate,
  { prompt }: Conversation,
  dice: Dice,
): { parameters: Record<string, string>; timeoutSeconds: number } {
  const temperature = dice.pick(['0', '0.2', '0.7', '0.7', '1']);
  const plain = { prompt: fate === 'rejected' ? LONG_PROMPT : prompt, temperature };
  if (fate === 'cut at max_tokens') {
    return { parameters: { ...plain, max_tokens: '12' }, timeoutSeconds: TIMEOUT_SECONDS };
  }
  if (fate === 'cut by the timeout' || fate === 'expired') {
    return {
      parameters: { ...plain, timeout: String(SHORT_TIMEOUT_SECONDS) },
      timeoutSeconds: SHORT_TIMEOUT_SECONDS,
    };
  }
  return { parameters: plain, timeoutSeconds: TIMEOUT_SECONDS };
}

/** The whole life of a task that was queued then. */
export function tellLife(
  task: DemoTask,
  story: { fate: Fate; answer: string; queuedAt: Micros },
  dice: Dice,
): DemoLife {
  const { fate, answer, queuedAt } = story;
  const prompt = task.parameters['prompt'] ?? '';
  const promptTokens = tokensOf(prompt) + TEMPLATE_TOKENS;
  const life = new DemoLife(task, queuedAt);
  const nothing = { device: '', promptTokens: 0, completionTokens: 0 };

  switch (fate) {
    case 'queued':
      return life;
    case 'cancelled':
      life.after(dice.between(800, 6_000)).raiseEpoch();
      return life
        .settle({ outcome: 'cancelled', finishReason: 'cancelled', ...nothing })
        .cancel(fate);
    case 'killed':
      begin(life, dice);
      say(life, answer, dice, dice.between(0.2, 0.7));
      life.after(dice.between(20, 200)).raiseEpoch();
      return life
        .settle({ outcome: 'cancelled', finishReason: 'cancelled', ...nothing })
        .cancel(fate);
    case 'rejected': {
      accept(life, dice);
      const error = `The prompt is ${promptTokens} tokens long; with minTokens 0 at most 4095 fit the context of 4096. Shorten it.`;
      const end = { ...nothing, device: DEMO_DEVICE, finishReason: fate };
      return fail(life.after(dice.between(4, 20)), { outcome: fate, error, ...end });
    }
    case 'expired': {
      begin(life, dice);
      life.after(task.timeoutSeconds * 1_000);
      const error = 'The timeout passed before the model said anything.';
      const end = { ...nothing, device: DEMO_DEVICE, finishReason: 'timeout' };
      return fail(life, { outcome: fate, error, ...end });
    }
    case 'given up': {
      const reason = `worker lost (${LOST_HOST})`;
      for (let attempt = 1; attempt < ATTEMPTS; attempt++) lose(life, answer, dice);
      begin(life, dice);
      life.after(LEASE_MS).raiseEpoch();
      life.infraAttempts += 1;
      const error = `Gave up after ${ATTEMPTS} attempts: ${reason}.`;
      return fail(life, { outcome: 'failed', finishReason: 'failed', error, ...nothing });
    }
    case 'answered at the second attempt':
      lose(life, answer, dice);
      begin(life, dice);
      return answerWith(life, {
        said: say(life, answer, dice, 1),
        finishReason: 'stop',
        promptTokens,
      });
    case 'cut by the timeout': {
      begin(life, dice);
      const said = say(life, answer, dice, 0.3);
      const lastMs = Number((life.changedAt - (life.times.startedAt ?? 0n)) / 1_000n);
      life.after(Math.max(1, task.timeoutSeconds * 1_000 - lastMs));
      return answerWith(life, { said, finishReason: 'timeout', promptTokens });
    }
    case 'cut at max_tokens': {
      begin(life, dice);
      const wanted = Number(task.parameters['max_tokens']) / tokensOf(answer);
      const said = say(life, answer, dice, Math.min(1, wanted));
      const finishReason = wanted < 1 ? 'length' : 'stop';
      return answerWith(life, { said, finishReason, promptTokens });
    }
    case 'answered':
      begin(life, dice);
      return answerWith(life, {
        said: say(life, answer, dice, 1),
        finishReason: 'stop',
        promptTokens,
      });
  }
}

const tokensOf = (text: string): number =>
  Math.max(1, Math.ceil(text.length / CHARACTERS_PER_TOKEN));

/** Waits for a worker, longer while the fleet is busy. */
function accept(life: DemoLife, dice: Dice): void {
  const busyness = busynessAt(Number(life.changedAt / 1_000n));
  const isCrowded = dice.fraction() < busyness * 0.15;
  life.after(isCrowded ? dice.between(1_500, 18_000) : 20 + dice.wait(120)).raiseEpoch();
  life.enter('task_assign').after(dice.between(3, 25));
  life.enter('task_accept').enter('task_preprocess_start');
}

function begin(life: DemoLife, dice: Dice): void {
  accept(life, dice);
  life.after(dice.between(2, 12)).enter('task_preprocess_end').enter('task_start');
}

/** Says the first `share` of the answer in pieces, at the pace of one machine. */
function say(life: DemoLife, answer: string, dice: Dice, share: number): string {
  const said =
    share >= 1 ? answer : answer.slice(0, Math.max(1, Math.floor(answer.length * share)));
  const tokens = tokensOf(said);
  const chunks = Math.min(CHUNKS_MAX, tokens);
  const msPerToken = 1_000 / dice.between(18, 46);
  life.after(dice.between(70, 280));
  for (let chunk = 1; chunk <= chunks; chunk++) {
    const from = Math.round((said.length * (chunk - 1)) / chunks);
    const to = Math.round((said.length * chunk) / chunks);
    const before = life.outputTokens;
    const now = Math.round((tokens * chunk) / chunks);
    life.after((now - before) * msPerToken * dice.between(0.8, 1.2));
    life.say(said.slice(from, to), now);
  }
  return said;
}

/** An attempt whose worker goes away in the middle, which is noticed by its lease. */
function lose(life: DemoLife, answer: string, dice: Dice): void {
  begin(life, dice);
  say(life, answer, dice, dice.between(0.1, 0.5));
  life.after(LEASE_MS + dice.between(0, 2_000)).requeue(`worker lost (${LOST_HOST})`);
}

function answerWith(
  life: DemoLife,
  end: { said: string; finishReason: string; promptTokens: number },
): DemoLife {
  const { said: raw, finishReason, promptTokens } = end;
  life.after(2).record({ type: 'task_output_full', payload: { raw } });
  life.enter('task_end').enter('task_postprocess_start');
  life.settle({
    outcome: 'succeeded',
    finishReason,
    device: DEMO_DEVICE,
    promptTokens,
    completionTokens: life.outputTokens,
  });
  const prompt = life.task.parameters['prompt'] ?? '';
  const content = { prompt, raw, thinking: [], answer: [raw] };
  return life.finish([{ contenttype: 'raw', content }]);
}

function fail(
  life: DemoLife,
  end: Parameters<DemoLife['settle']>[0] & { error: string },
): DemoLife {
  const payload = { raw: end.error };
  life.record({ type: 'task_error', payload }).record({ type: 'task_error_full', payload });
  if (life.status === 'task_start') life.enter('task_end').enter('task_postprocess_start');
  return life.settle(end).finish([]);
}
