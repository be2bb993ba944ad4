/** What the creation of turns reads and writes of their conversations. */
import { formatMoment, type Statement, type Transaction } from '@runfleet/db';
import { type CallFormatName, isCall, segmentsOf } from '@runfleet/protocol';

import type { NewTask, NewTaskPlan } from '../life/new-task.ts';
import {
  conversationKey,
  type ConversationsSnapshot,
  type KnownConversation,
  type NamedTurn,
  NO_CONVERSATIONS,
} from '../life/turns.ts';

type KnownRow = {
  key: string;
  id: string;
  isNew: boolean;
  liveTaskId: string | null;
  latestId: string | null;
  turn: number;
  systemTurnId: string | null;
  tokens: number;
};

/** Reads nothing where no Run has a session. To be read under the accounts' locks. */
export async function readConversations(
  tx: Transaction,
  tasks: readonly NewTask[],
): Promise<ConversationsSnapshot> {
  const asked = new Map(
    tasks.flatMap((task) => {
      const key = conversationKey(task);
      const { projectId, model, conversation } = task;
      if (key === null || conversation === null) return [];
      const { userId, sessionId } = conversation;
      const row = { project_id: projectId, model_id: model.id, user_id: userId };
      return [[key, { key, ...row, session_id: sessionId }] as const];
    }),
  );
  if (asked.size === 0) return NO_CONVERSATIONS;
  const tokens = tasks.flatMap(({ conversation }) => conversation?.previousTaskToken ?? []);
  // Only outputs of tools need what the turn answered, which can be long.
  const answered = tasks.flatMap(({ conversation }) =>
    conversation && conversation.callIds.length > 0 ? (conversation.previousTaskToken ?? []) : [],
  );
  const [known, named] = await Promise.all([
    tx<KnownRow[]>`
      select key, coalesce(c.id, nextval('conversations_id_seq')) as id, c.id is null as "isNew",
        live.id as "liveTaskId", latest.id as "latestId", latest.turn,
        latest.system_turn_id as "systemTurnId", latest.tokens
      from json_to_recordset(${JSON.stringify([...asked.values()])}::text::json) as asked(
        key text, project_id bigint, model_id text, user_id text, session_id text)
      left join conversations c on c.project_id = asked.project_id
        and c.session_id = asked.session_id and c.user_id = asked.user_id
        and c.model_id = asked.model_id and c.deleted_at is null
      left join lateral (
        select id from tasks where conversation_id = c.id and outcome is null limit 1
      ) live on true
      left join lateral (
        select id, turn, system_turn_id, ${tx.unsafe(TOKENS)} as tokens from tasks
        where conversation_id = c.id and outcome = 'succeeded' order by id desc limit 1
      ) latest on true`,
    tokens.length === 0
      ? []
      : tx<NamedRow[]>`
          select token, id, conversation_id as "conversationId", turn,
            system_turn_id as "systemTurnId", ${tx.unsafe(TOKENS)} as tokens,
            outcome is not distinct from 'succeeded' as "hasSucceeded",
            case when token = any(${answered})
              and outputs #>> '{0,content,finishreason}' = 'tool_calls' then debug_output end as answer,
            outputs #>> '{0,content,calls}' as calls
          from tasks where token = any(${tokens}) and conversation_id is not null`,
  ]);
  return {
    known: new Map(known.map((row) => [row.key, knownOf(row)])),
    named: new Map(named.map((row) => [row.token, namedOf(row)])),
  };
}

type NamedRow = Omit<NamedTurn, 'callIds'> & {
  token: string;
  /** Null where it asks for no calls, or no Run brings outputs. */
  answer: string | null;
  calls: CallFormatName | null;
};

function namedOf({ answer, calls, ...turn }: NamedRow): NamedTurn {
  const asked =
    answer === null || calls === null
      ? []
      : segmentsOf(answer, 'tool_calls', { format: calls, taskId: turn.id });
  return { ...turn, callIds: asked.filter(isCall).map((call) => call.call_id) };
}

const TOKENS = `coalesce((receipt ->> 'promptTokens')::int + (receipt ->> 'completionTokens')::int, 0)`;

function knownOf({ id, isNew, liveTaskId, ...row }: KnownRow): KnownConversation {
  const { latestId, turn, systemTurnId, tokens } = row;
  const latest = latestId === null ? null : { id: latestId, turn, systemTurnId, tokens };
  return { id, isNew, liveTaskId, latest };
}

/** The conversations that begin with these tasks. */
export function writeConversations(tx: Transaction, plans: readonly NewTaskPlan[]): Statement[] {
  const rows = plans.flatMap(({ task, state, turn }) =>
    turn?.beginsConversation && task.conversation
      ? [
          {
            id: turn.conversationId,
            organisation_id: task.organisationId,
            project_id: task.projectId,
            model_id: task.model.id,
            user_id: task.conversation.userId,
            session_id: task.conversation.sessionId,
            created_at: formatMoment(state.changedAt),
          },
        ]
      : [],
  );
  if (rows.length === 0) return [];
  return [
    tx`
      insert into conversations
        (id, organisation_id, project_id, model_id, user_id, session_id, created_at)
        overriding system value
      select id, organisation_id, project_id, model_id, user_id, session_id, created_at
      from json_to_recordset(${JSON.stringify(rows)}::text::json) as c(id bigint,
        organisation_id bigint, project_id bigint, model_id text, user_id text, session_id text,
        created_at timestamptz)`,
  ];
}
