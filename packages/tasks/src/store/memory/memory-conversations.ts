import type { NewTask } from '../../life/new-task.ts';
import {
  conversationKey,
  type ConversationsSnapshot,
  type KnownConversation,
  NO_CONVERSATIONS,
} from '../../life/turns.ts';
import type { MemoryDatabase, MemoryTask } from './memory-database.ts';

/** What is known of the conversations of Runs, and of the turns that they name. */
export function conversationsOf(
  database: MemoryDatabase,
  tasks: readonly NewTask[],
): ConversationsSnapshot {
  const keys = new Set(tasks.flatMap((task) => conversationKey(task) ?? []));
  if (keys.size === 0) return NO_CONVERSATIONS;
  const turns = [...database.tasks.values()].flatMap((row) => {
    const turn = endedTurn(row);
    return turn === null ? [] : [{ ...row, ...turn }];
  });
  const known = [...keys].map((key): [string, KnownConversation] => {
    const own = turns.filter(({ task }) => conversationKey(task) === key);
    return [
      key,
      {
        id: own[0]?.conversationId ?? database.takeTaskIds(1)[0] ?? '',
        isNew: own.length === 0,
        liveTaskId: own.find(({ state }) => state.outcome === null)?.id ?? null,
        latest: own.findLast(({ hasSucceeded }) => hasSucceeded) ?? null,
      },
    ];
  });
  return { known: new Map(known), named: new Map(turns.map((turn) => [turn.token, turn])) };
}

function endedTurn({ turn, state, patch }: MemoryTask) {
  if (turn === null) return null;
  const { promptTokens = 0, completionTokens = 0 } = patch?.receipt ?? {};
  return {
    id: state.id,
    turn: turn.turn,
    conversationId: turn.conversationId,
    systemTurnId: turn.systemTurnId,
    tokens: promptTokens + completionTokens,
    hasSucceeded: state.outcome === 'succeeded',
    // The simulator's answers call nothing.
    callIds: [],
  };
}
