import {
  type ChatMessage,
  continuedTools,
  hasToolOutputs,
  readChatParameters,
  type Turn,
  withFileTexts,
} from '@runfleet/catalog';
import { type Engine, EngineError, type GenerateRequest, type Prepared } from '@runfleet/engine';
import { type History, RunfleetError } from '@runfleet/protocol';
import { HISTORY_BOUNDS, type StoredHistory, type TaskToRun } from '@runfleet/tasks';

import type { WorkerContext } from '../context.ts';
import { untilCommitted } from '../until-committed.ts';
import { fitHistory } from './fit-history.ts';

/** At least this share of the context is left for the answer, unless it may be shorter. */
const ANSWER_SHARE = 1 / 4;

/**
 * History, chat template, tokens, length check. `history` is what the prompt has of the conversation
 * before this turn; null for a task that continues none. Rejects if the caller's input is invalid.
 */
export async function preprocess(
  ctx: Pick<WorkerContext, 'limits' | 'readHistory' | 'historyTokensMax'>,
  run: { task: TaskToRun; engine: Engine; signal: AbortSignal },
): Promise<{ prepared: Prepared; prompt: string; history: History | null }> {
  const { task, engine, signal } = run;
  const { maxTokens } = ctx.limits;
  const request = readChatParameters(task.parameters, {
    ...ctx.limits,
    // The limit of the model's version under which the task was accepted, which its hold covers.
    maxTokens: Math.min(maxTokens, task.limits?.outputTokens ?? maxTokens),
  });
  const { messages: sent, ...options } = {
    ...request,
    seed: BigInt(task.seed),
    // After the spread: a request must not choose its own cache scope.
    cacheScope: task.organisationId,
  };
  const messages = withFileTexts(sent, task.fileTexts);
  // As it was sent: an answer does not repeat the texts of files.
  const prompt = sent.at(-1)?.content ?? '';
  if (task.parentId === null) {
    return { prepared: await engine.prepare({ ...options, messages }), prompt, history: null };
  }
  // A worker that cannot reach Postgres waits, as with every other statement of a run.
  const stored = await untilCommitted(() => ctx.readHistory(task), signal);
  const isAnswer = hasToolOutputs(task.parameters);
  if (isAnswer && !hasCalls(stored.turns, task.parentId)) throw callsAreGone();
  const turn = {
    number: task.turn ?? 1,
    own: messages,
    hasToolOutputs: isAnswer,
    options: isAnswer ? { ...options, ...continuedTools(stored.turns) } : options,
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
  // The calls that it answers are in the prompt in any case.
  const turns = turn.hasToolOutputs ? exchangeIn(stored.turns) : [];
  const ownTokens = await countTokens((await fitHistory({ ...stored, turns }, turn, yes)).messages);
  const room = Math.min(ctx.historyTokensMax, contextLength - answerTokens - ownTokens);
  const fitted = await fitHistory(stored, turn, async (messages, share) => {
    return (await countTokens(messages)) - ownTokens <= room * share;
  });
  const { dropped } = fitted;
  const prepared = await engine.prepare({ ...options, messages: fitted.messages });
  const tokens = fitted.turns === 0 ? 0 : prepared.promptIds.length - ownTokens;
  return { prepared, history: { turns: fitted.turns, tokens, dropped } };
}

/** The turns since the one that began to call tools. */
function exchangeIn(turns: StoredHistory['turns']): StoredHistory['turns'] {
  return turns.slice(turns.findLastIndex(({ parameters }) => !hasToolOutputs(parameters)));
}

/** Whether the calls and the tools that a turn continues are there. */
function hasCalls(turns: StoredHistory['turns'], parentId: string): boolean {
  const isFirst = ({ parameters }: Turn) => !hasToolOutputs(parameters);
  return turns.at(-1)?.id === parentId && turns.some(isFirst);
}

/** Contents can be deleted while the turn is in the queue. */
function callsAreGone(): RunfleetError {
  const problem = `answers calls that are gone: their contents were deleted, or they began more than ${HISTORY_BOUNDS.turns} turns ago`;
  return new RunfleetError('invalid_request', `Request parameter [toolOutputs] ${problem}`);
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
