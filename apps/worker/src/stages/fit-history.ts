/**
 * How much of a conversation a turn reads. If all of it is too long, the oldest turns are dropped until
 * half of each bound is left: the next turns then begin with the same text, which is in the cache.
 */
import {
  CHAT_SIZES,
  type ChatMessage,
  conversationMessages,
  hasToolOutputs,
} from '@runfleet/catalog';
import { HISTORY_BOUNDS, type StoredHistory } from '@runfleet/tasks';

export type FittedHistory = {
  messages: ChatMessage[];
  turns: number;
  /** The oldest turns, left out now or by an earlier turn. */
  dropped: number;
};

/** `fits`: whether a prompt is short enough, and uses at most this share of its room for history. */
export async function fitHistory(
  history: StoredHistory,
  turn: { number: number; own: readonly ChatMessage[]; hasToolOutputs: boolean },
  fits: (messages: readonly ChatMessage[], share: number) => Promise<boolean>,
): Promise<FittedHistory> {
  const { turns } = history;
  const starts = startsOf(turns, turn.hasToolOutputs);
  const from = (start: number): FittedHistory => {
    const read = turns.slice(start);
    return {
      messages: conversationMessages({ ...history, turns: read }, turn.own),
      turns: read.length,
      dropped: start === 0 ? history.dropped : (read[0]?.number ?? turn.number) - 1,
    };
  };
  const isWithin = async (start: number, share: number) => {
    const read = turns.slice(start);
    const bytes = read.reduce((sum, one) => sum + one.bytes, 0);
    const { messages } = from(start);
    const { own } = turn;
    return (
      read.length < HISTORY_BOUNDS.turns * share &&
      bytes < HISTORY_BOUNDS.bytes * share &&
      messages.length - own.length <= (CHAT_SIZES.messages - own.length) * share &&
      (await fits(messages, share))
    );
  };
  if (turns.length === 0 || (await isWithin(0, 1))) return from(0);
  // The first start from which the rest is short enough: what comes later is shorter.
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (await isWithin(starts[middle] ?? 0, 0.5)) high = middle;
    else low = middle + 1;
  }
  return from(starts[low] ?? 0);
}

/**
 * Where a shorter history may begin: not with the outputs of tools, whose calls would be missing, and
 * not after the calls that this turn answers.
 */
function startsOf(turns: StoredHistory['turns'], isAnswer: boolean): number[] {
  const starts = turns.flatMap(({ parameters }, index) =>
    index > 0 && !hasToolOutputs(parameters) ? [index] : [],
  );
  if (!isAnswer) return [...starts, turns.length];
  return starts.length > 0 ? starts : [0];
}
