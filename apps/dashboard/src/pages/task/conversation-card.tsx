import type { WireTask } from '@runfleet/protocol';
import { useQuery } from '@tanstack/react-query';

import { useClient } from '../../api/use-client.ts';
import { Link } from '../../router.tsx';

const TURNS_SHOWN = 20;
const PROMPT_CHARACTERS = 60;

/** Which turn a task is, and the latest turns of its conversation. Nothing for a task without one. */
export function ConversationCard({ task }: { task: WireTask }) {
  const { conversation } = task;
  if (conversation === undefined) return null;
  const session = task.parameters['session_id'];
  const history = task.receipt?.history;
  return (
    <section className="card">
      <h2>Conversation</h2>
      <p>
        Turn {conversation.turn} of session {typeof session === 'string' ? session : ''}
      </p>
      {history && (
        <p className="fine">
          Earlier turns read: {history.turns} ({history.tokens} tokens)
          {history.dropped > 0 && `; older ones left out: ${history.dropped}`}
        </p>
      )}
      <TurnList task={task} id={conversation.conversationid} />
    </section>
  );
}

function TurnList({ task, id }: { task: WireTask; id: string }) {
  const client = useClient(task.projectid);
  const { data } = useQuery({
    queryKey: ['conversation', id, task.status],
    queryFn: ({ signal }) =>
      client.conversation(id, { limit: TURNS_SHOWN, order: 'DESC' }, { signal }),
  });
  return (
    <ul className="turns">
      {data?.turns.map(({ taskid, turn, content }) => (
        <li key={taskid}>
          {taskid === task.id ? (
            <span aria-current="true">Turn {turn}</span>
          ) : (
            <Link href={`/tasks/${taskid}`}>Turn {turn}</Link>
          )}{' '}
          <span className="muted">{content.prompt.slice(0, PROMPT_CHARACTERS)}</span>
        </li>
      ))}
    </ul>
  );
}
