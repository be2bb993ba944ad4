import {
  answerContent,
  formatUnixSeconds,
  formatUsd,
  presentOutputs,
  type WireConversation,
  type WireTurn,
} from '@runfleet/protocol';
import type { Conversation, ListedTask } from '@runfleet/tasks';

import type { ApiContext } from '../api-context.ts';

export function conversationWire(
  conversation: Conversation,
  ctx: Pick<ApiContext, 'catalogue'>,
): WireConversation {
  const model = ctx.catalogue.current.byId(conversation.modelId);
  return {
    id: conversation.id,
    projectid: conversation.projectId,
    modelid: conversation.modelId,
    modelslugowner: model?.owner ?? '',
    modelslugproject: model?.name ?? '',
    session_id: conversation.sessionId,
    user_id: conversation.userId,
    turns: String(conversation.turns),
    runningtaskid: conversation.runningTaskId ?? '',
    createtime: formatUnixSeconds(conversation.createdAt),
  };
}

export function turnWire(task: ListedTask): WireTurn {
  const wire: WireTurn = {
    taskid: task.id,
    socketaccesstoken: task.token,
    turn: String(task.turn ?? 0),
    previoustaskid: task.parentId ?? '',
    status: task.status,
    pexit: task.pexit,
    totalcost: formatUsd(task.totalCost),
    createtime: formatUnixSeconds(task.times.queuedAt),
    content: contentOf(task),
  };
  return task.isShortened ? { ...wire, shortened: true } : wire;
}

/** A turn without an answer has its prompt alone. */
function contentOf(task: ListedTask): WireTurn['content'] {
  const outputs = presentOutputs(task.outputs, { taskId: task.id, publicApiUrl: '' });
  const answer = outputs.find((output) => 'content' in output);
  if (answer) {
    const { logprobs: _notShown, ...content } = answer.content;
    return content;
  }
  return { prompt: promptOf(task.parameters), ...answerContent('', null, null), segments: [] };
}

/** The prompt, or the last message where it is a text. */
function promptOf({ prompt, messages }: ListedTask['parameters']): string {
  if (typeof prompt === 'string' && prompt !== '') return prompt;
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  const content =
    typeof last === 'object' && last !== null && 'content' in last ? last.content : '';
  return typeof content === 'string' ? content : '';
}
