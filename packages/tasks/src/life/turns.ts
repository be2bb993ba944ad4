/**
 * Turns of conversations. A turn is a task; its conversation has at most one that has not ended, so
 * that each turn reads what the ones before it answered. All Runs of an organisation are created under
 * its account's lock, so what is read under it is what the plan finds.
 */
import { MESSAGES, RunfleetError } from '@runfleet/protocol';

import type { NewTask, NewTaskPlan, TurnPlan } from './new-task.ts';

/** A turn that succeeded, and can be continued. */
type EndedTurn = {
  id: string;
  turn: number;
  systemTurnId: string | null;
  /** Of its prompt and its answer. */
  tokens: number;
};

export type KnownConversation = {
  id: string;
  /** It is not stored yet. */
  isNew: boolean;
  /** The turn that has not ended. */
  liveTaskId: string | null;
  latest: EndedTurn | null;
};

/** A turn that Runs name by its token. */
export type NamedTurn = EndedTurn & {
  conversationId: string;
  hasSucceeded: boolean;
  /** The calls that its answer asks the caller to execute. */
  callIds: readonly string[];
};

export type ConversationsSnapshot = {
  /** By `conversationKey`. */
  known: ReadonlyMap<string, KnownConversation>;
  /** By token. */
  named: ReadonlyMap<string, NamedTurn>;
};

export const NO_CONVERSATIONS: ConversationsSnapshot = { known: new Map(), named: new Map() };

/** Names a conversation among all projects'. Null for a Run without one. */
export function conversationKey(
  task: Pick<NewTask, 'projectId' | 'conversation'> & { model: { id: string } },
): string | null {
  const { projectId, model, conversation } = task;
  if (conversation === null) return null;
  return JSON.stringify([projectId, model.id, conversation.userId, conversation.sessionId]);
}

/** The turns that one commit adds. */
export class Turns {
  readonly #known: Map<string, KnownConversation>;
  readonly #named: ConversationsSnapshot['named'];

  constructor({ known, named }: ConversationsSnapshot) {
    this.#known = new Map(known);
    this.#named = named;
  }

  /**
   * A Run as the next turn of its conversation; as it is, where it has none. Throws `turn_running`, or
   * `invalid_request` for a turn to continue that is none of the conversation.
   */
  place(id: string, task: NewTask): { task: NewTask; turn: TurnPlan | null } {
    const { conversation: name } = task;
    const conversation = this.#known.get(conversationKey(task) ?? '');
    if (name === null || !conversation) return { task, turn: null };
    const { liveTaskId: taskId } = conversation;
    if (taskId !== null) {
      throw new RunfleetError('turn_running', MESSAGES.turnRunning(taskId), { taskId });
    }
    const parent =
      name.previousTaskToken === null
        ? conversation.latest
        : requireTurnOf(conversation, name, this.#named.get(name.previousTaskToken));
    const turn = {
      conversationId: conversation.id,
      beginsConversation: conversation.isNew,
      turn: (parent?.turn ?? 0) + 1,
      parentId: parent?.id ?? null,
      systemTurnId: name.givesSystemPrompt ? id : (parent?.systemTurnId ?? null),
    };
    return { task: asTurn(task, turn, parent?.tokens ?? 0), turn };
  }

  /** Takes note of a turn that was admitted. */
  add({ id, task, turn }: NewTaskPlan): void {
    const key = conversationKey(task);
    if (key === null || turn === null) return;
    const { conversationId } = turn;
    // The conversation has a live turn now, so its latest one is not asked for.
    this.#known.set(key, { id: conversationId, isNew: false, liveTaskId: id, latest: null });
  }
}

/** A token of another tenant's task is refused like one that does not exist. */
function requireTurnOf(
  { id }: KnownConversation,
  { callIds }: NonNullable<NewTask['conversation']>,
  named: NamedTurn | undefined,
): EndedTurn {
  if (named?.conversationId !== id || !named.hasSucceeded) {
    throw new RunfleetError('invalid_request', MESSAGES.previousTurnUnknown);
  }
  if (callIds.length > 0) requireEachCall(named.callIds, callIds);
  return named;
}

/** Outputs that came twice were refused before. */
function requireEachCall(asked: readonly string[], answered: readonly string[]): void {
  const unknown = answered.findIndex((id) => !asked.includes(id));
  const missing = asked.find((id) => !answered.includes(id));
  const problem =
    asked.length === 0
      ? '[toolOutputs] cannot continue a task whose answer asks for no calls'
      : unknown >= 0
        ? `[toolOutputs[${unknown}].call_id] must be one of the calls of the previous task`
        : missing && `[toolOutputs] must have an output for the call ${missing}`;
  if (problem) throw new RunfleetError('invalid_request', `Request parameter ${problem}`);
}

/** The Run as a turn: placed with its conversation, and with a hold that covers the history. */
function asTurn(task: NewTask, turn: TurnPlan, historyTokens: number): NewTask {
  const { promptTokens } = task.limits;
  return {
    ...task,
    // No caller's name has a space.
    affinity: task.affinity ?? `conversation ${turn.conversationId}`,
    limits:
      promptTokens === undefined
        ? task.limits
        : { ...task.limits, promptTokens: promptTokens + historyTokens },
  };
}
