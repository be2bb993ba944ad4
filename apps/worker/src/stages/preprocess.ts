import { type ChatMessage, hasToolOutputs, readChatParameters } from '@runfleet/catalog';
import { type Engine, EngineError, type GenerateRequest, type Prepared } from '@runfleet/engine';
import type { History } from '@runfleet/protocol';
import type { StoredHistory, TaskToRun } from '@runfleet/tasks';

import type { WorkerContext } from '../context.ts';
import { fitHistory } from './fit-history.ts';

/** At least this share of the context is left for the answer, unless it may be shorter. */
const ANSWER_SHARE = 1 / 4;

/**
 * History, chat template, tokens, length check. `history` is what the prompt has of the conversation
 * before this turn; null for a task that continues none. Rejects if the caller's input is invalid.
 */
export async function preprocess(
  ctx: Pick<WorkerContext, 'limits' | 'readHistory' | 'historyTokensMax'>,
  run: { task: TaskToRun; engine: Engine },
): Promise<{ prepared: Prepared; prompt: string; history: History | null }> {
  const { task, engine } = run;
  const { maxTokens } = ctx.limits;
  const request = readChatParameters(task.parameters, {
    ...ctx.limits,
    // The limit of the model's version under which the task was accepted, which its hold covers.
    maxTokens: Math.min(maxTokens, task.limits?.outputTokens ?? maxTokens),
  });
  const { messages, ...options } = {
    tools: [],
    toolChoice: 'auto' as const,
    parallelToolCalls: true,
    ...request,
    seed: BigInt(task.seed),
    // After the spread: a request must not choose its own cache scope.
    cacheScope: task.organisationId,
  };
  const prompt = messages.at(-1)?.content ?? '';
  if (task.parentId === null) {
    return { prepared: await engine.prepare({ ...options, messages }), prompt, history: null };
  }
  const stored = await ctx.readHistory(task);
  const turn = {
    number: task.turn ?? 1,
    own: messages,
    hasToolOutputs: hasToolOutputs(task.parameters),
    options,
  };
  return { ...(await prepareTurn(ctx, engine, stored, turn)), prompt };
}

async function prepareTurn(
  ctx: Pick<WorkerContext, 'historyTokensMax'>,
  engine: Engine,
  stored: StoredHistory,
  turn: {
    number: number;
    own: ChatMessage[];
    hasToolOutputs: boolean;
    options: Omit<GenerateRequest, 'messages'>;
  },
): Promise<{ prepared: Prepared; history: History }> {
  const { options } = turn;
  // Without its grammar, whose check takes longer than all tokens.
  const countTokens = (messages: readonly ChatMessage[]) =>
    countPromptTokens(engine, { ...options, grammar: null, messages });
  const { contextLength } = engine.facts;
  const answerTokens = Math.min(options.maxTokens, Math.floor(contextLength * ANSWER_SHARE));
  const ownTokens = await countTokens(
    (await fitHistory({ ...stored, turns: [] }, turn, yes)).messages,
  );
  const room = Math.min(ctx.historyTokensMax, contextLength - answerTokens - ownTokens);
  const fitted = await fitHistory(stored, turn, async (messages, share) => {
    return (await countTokens(messages)) - ownTokens <= room * share;
  });
  const { turns, dropped } = fitted;
  const prepared = await engine.prepare({ ...options, messages: fitted.messages });
  const tokens = turns === 0 ? 0 : prepared.promptIds.length - ownTokens;
  return { prepared, history: { turns, tokens, dropped } };
}

const yes = async () => true;

/** Infinity for a prompt that is longer than the context. */
async function countPromptTokens(engine: Engine, request: GenerateRequest): Promise<number> {
  try {
    return (await engine.prepare(request)).promptIds.length;
  } catch (error) {
    if (error instanceof EngineError && error.isTooLong) return Infinity;
    throw error;
  }
}
