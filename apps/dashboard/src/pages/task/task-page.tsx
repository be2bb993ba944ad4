import { isTerminal, type WireTask } from '@runfleet/protocol';
import { useState } from 'react';

import { explainProblem } from '../../api/explain-problem.ts';
import { useClient } from '../../api/use-client.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { SignInNeeded } from '../../components/sign-in-needed.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { useTitle } from '../../components/use-title.ts';
import { fullMoment } from '../../format/moment.ts';
import { Link, navigate } from '../../router.tsx';
import { useSession } from '../../session/use-session.ts';
import { AnswerBox } from '../../task/answer-box.tsx';
import { EndNotice } from '../../task/end-notice.tsx';
import { QueueNotice } from '../../task/queue-notice.tsx';
import { ReceiptBox } from '../../task/receipt-box.tsx';
import { StopButton } from '../../task/stop-button.tsx';
import { displayStatusOf } from '../../task/task-outcome.ts';
import { viewTask } from '../../task/task-view.ts';
import { useTask } from '../../task/use-task.ts';
import { ConversationCard } from './conversation-card.tsx';
import { Parameters } from './parameters.tsx';
import { Timeline } from './timeline.tsx';

export function TaskPage({ id }: { id: string }) {
  useTitle(`Task ${id}`);
  const { visitor } = useSession();
  if (visitor === undefined) return null;
  if (visitor === null) {
    return <SignInNeeded title={`Task ${id}`} sentence="Sign in to see this task." />;
  }
  return <FollowedTask id={id} />;
}

function FollowedTask({ id }: { id: string }) {
  const { task, run, problem, reload } = useTask({ id });
  const view = viewTask(task, run);
  return (
    <>
      <nav className="crumbs" aria-label="Breadcrumb">
        <Link href="/tasks">Tasks</Link>
        <span aria-hidden="true">/</span>
        <span>{id}</span>
      </nav>
      {problem !== null && <ProblemNotice problem={problem} onRetry={reload} />}
      {task !== null && (
        <>
          <div className="page-head">
            <div>
              <h1>
                Task {id} <StatusBadge status={displayStatusOf({ ...task, status: view.status })} />
              </h1>
              <p className="muted">
                <Link href={`/models/${task.modelslugowner}/${task.modelslugproject}`}>
                  {task.modelslugowner}/{task.modelslugproject}
                </Link>
                , created {fullMoment(Number(task.createtime))}
              </p>
            </div>
            <div className="actions">
              {view.isLive && <StopButton id={id} status={view.status} onStopped={reload} />}
              <RunAgain task={task} isDeleted={view.isDeleted} />
            </div>
          </div>
          <div className="task-columns">
            <div className="task-main">
              <section className="card">
                <h2>Output</h2>
                <QueueNotice queue={view.queue} />
                <AnswerBox view={view} run={run} />
                {view.ended !== null && <EndNotice task={view.ended} receipt={view.receipt} />}
              </section>
              <section className="card">
                <h2>Parameters</h2>
                <Parameters parameters={task.parameters} />
              </section>
            </div>
            <div className="task-side">
              <section className="card">
                <h2>Time and cost</h2>
                <ReceiptBox view={view} />
              </section>
              <ConversationCard task={task} />
              <section className="card">
                <h2>Timeline</h2>
                <Timeline task={task} status={view.status} requeues={view.requeues} />
              </section>
            </div>
          </div>
        </>
      )}
    </>
  );
}

function RunAgain({ task, isDeleted }: { task: WireTask; isDeleted: boolean }) {
  const client = useClient();
  const [state, setState] = useState<'idle' | 'busy' | { problem: string }>('idle');
  const model = `${task.modelslugowner}/${task.modelslugproject}`;
  const runAgain = async () => {
    setState('busy');
    try {
      const answer = await client.run(model, task.parameters);
      navigate(`/tasks/${answer.taskId}`);
    } catch (failure) {
      const { title, detail } = explainProblem(failure);
      setState({ problem: `${title}. ${detail}` });
    }
  };
  return (
    <>
      {typeof state === 'object' && (
        <span className="mistake" role="alert">
          {state.problem}
        </span>
      )}
      <Link href={`/models/${model}?from=${task.id}`} className="button">
        Edit and run
      </Link>
      <button
        type="button"
        className={isTerminal(task.status) ? 'button-main' : ''}
        disabled={isDeleted || state === 'busy'}
        onClick={() => void runAgain()}
      >
        {state === 'busy' ? 'Starting…' : 'Run again'}
      </button>
    </>
  );
}
