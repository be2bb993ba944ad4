import { answerEnd, type FinishReason, type Micros } from '@runfleet/protocol';

import { accept, begin, LEASE_MS, lose, LOST_HOST, say, tokensOf } from './attempt.ts';
import { type Conversation, LONG_PROMPT } from './conversations.ts';
import { type DemoEnd, DemoLife, type DemoTask } from './demo-life.ts';
import type { Dice } from './dice.ts';

/** The possible fates of a task, and how many of the 500 tasks have each. */
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

/** Shown wherever a device is named. */
export const DEMO_DEVICE = 'demo data, no device';
const ON_DEMO_DEVICE = { weights: 'demo data, no weights', device: DEMO_DEVICE };
const ATTEMPTS = 3;
const TEMPLATE_TOKENS = 6;
/** For Phi-3.5-mini with a float32 cache, as in its CPU builds. */
const CACHE_MIB_PER_TOKEN = 0.75;
const TIMEOUT_SECONDS = 300;
const SHORT_TIMEOUT_SECONDS = 2;

/** The parameters of a task with that fate. */
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

/** Creates the whole life of a task. */
export function tellLife(
  task: DemoTask,
  story: { fate: Fate; answer: string; queuedAt: Micros },
  dice: Dice,
): DemoLife {
  const { fate, answer, queuedAt } = story;
  const prompt = task.parameters['prompt'] ?? '';
  const promptTokens = tokensOf(prompt) + TEMPLATE_TOKENS;
  const life = new DemoLife(task, queuedAt);

  switch (fate) {
    case 'queued':
      return life;
    case 'cancelled':
      life.after(dice.between(800, 6_000)).raiseEpoch();
      return life.settle({ outcome: 'cancelled' }).cancel(fate);
    case 'killed':
      begin(life, dice);
      say(life, answer, dice, dice.between(0.2, 0.7));
      life.after(dice.between(20, 200)).raiseEpoch();
      return life.settle({ outcome: 'cancelled' }).cancel(fate);
    case 'rejected': {
      accept(life, dice);
      const error = `The prompt is ${promptTokens} tokens long, whose cache takes ${Math.ceil(promptTokens * CACHE_MIB_PER_TOKEN)} MiB; with min_tokens 0 at most 4095 fit the context of 4096, which takes 3072 MiB. Shorten it.`;
      return fail(life.after(dice.between(4, 20)), { outcome: fate, error, ...ON_DEMO_DEVICE });
    }
    case 'expired': {
      begin(life, dice);
      life.after(task.timeoutSeconds * 1_000);
      const error = 'The timeout passed before the model produced any output.';
      return fail(life, { outcome: fate, error, ...ON_DEMO_DEVICE });
    }
    case 'given up': {
      const reason = `worker lost (${LOST_HOST})`;
      for (let attempt = 1; attempt < ATTEMPTS; attempt++) lose(life, answer, dice);
      begin(life, dice);
      life.after(LEASE_MS).loseAttempt();
      const error = `Gave up after ${ATTEMPTS} attempts: ${reason}.`;
      return fail(life, { outcome: 'failed', error });
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
      const lastMs = Number((life.now - (life.state.times.startedAt ?? 0n)) / 1_000n);
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

function answerWith(
  life: DemoLife,
  told: { said: string; finishReason: FinishReason; promptTokens: number },
): DemoLife {
  const { said: raw, finishReason, promptTokens } = told;
  const end = answerEnd({
    finishReason,
    promptTokens,
    cachedTokens: 0,
    completionTokens: life.state.outputTokens,
    thinkingTokens: 0,
  });
  life.after(2).record({ type: 'task_output_full', payload: { raw, end } });
  const prompt = life.task.parameters['prompt'] ?? '';
  const content = { prompt, raw, thinking: [], answer: [raw], ...end };
  return life
    .enter('task_end')
    .enter('task_postprocess_start')
    .settle({
      outcome: 'succeeded',
      finishReason,
      outputs: [{ contenttype: 'raw', content }],
      promptTokens,
      completionTokens: life.state.outputTokens,
      ...ON_DEMO_DEVICE,
    })
    .finish();
}

function fail(life: DemoLife, end: DemoEnd & { error: string }): DemoLife {
  const payload = { raw: end.error };
  life.record({ type: 'task_error', payload }).record({ type: 'task_error_full', payload });
  life.enter('task_end').enter('task_postprocess_start');
  return life.settle(end).finish();
}
