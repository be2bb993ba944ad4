import { useEffect } from 'react';

import { ProblemNotice } from '../components/problem-notice.tsx';
import { StatesLine } from '../components/states-line.tsx';
import { useNow } from '../components/use-now.ts';
import { duration } from '../format/moment.ts';
import { Link } from '../router.tsx';
import { useSession } from '../session/use-session.ts';
import { AnswerBox } from './answer-box.tsx';
import { EndNotice } from './end-notice.tsx';
import { QueueNotice } from './queue-notice.tsx';
import { ReceiptBox } from './receipt-box.tsx';
import { StopButton } from './stop-button.tsx';
import { displayStatusOf } from './task-outcome.ts';
import { type TaskView, viewTask } from './task-view.ts';
import { useTask } from './use-task.ts';

const TICK_MS = 100;

/** One run while it happens: states, answer and cost. */
export function RunPanel(props: {
  id: string;
  token?: string;
  startedAtMs?: number;
  onEnded?: () => void;
}) {
  const { id, token, onEnded } = props;
  const { refresh } = useSession();
  const { task, run, problem, reload } = useTask(token === undefined ? { id } : { id, token });
  const view = viewTask(task, run);
  const isEnded = view.ended !== null;
  const isHeld = view.held !== null;

  // The account line moves when money is held and when the run is settled.
  useEffect(() => {
    if (isHeld || isEnded) refresh();
  }, [isHeld, isEnded, refresh]);

  const wasFollowed = token !== undefined;
  useEffect(() => {
    if (isEnded && wasFollowed) onEnded?.();
    // Only the end of the run triggers this; a new callback does not.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isEnded, wasFollowed]);

  if (problem !== null && task === null && run.status === null) {
    return <ProblemNotice problem={problem} onRetry={reload} />;
  }
  const createdAtMs = Number(task?.createtime ?? 0) * 1000;
  return (
    <section className="card run" aria-label={`Run ${id}`} data-status={view.status}>
      <div className="run-head">
        <h2>
          <Link href={`/tasks/${id}`}>Task {id}</Link>
        </h2>
        <Elapsed view={view} startedAtMs={props.startedAtMs ?? null} createdAtMs={createdAtMs} />
        {view.isLive && <StopButton id={id} status={view.status} onStopped={reload} />}
      </div>
      <StatesLine
        status={view.status}
        ended={view.ended}
        receipt={view.receipt}
        requeues={view.requeues}
      />
      <QueueNotice queue={view.queue} />
      <AnswerBox view={view} run={run} />
      {problem !== null && !view.isLive && <ProblemNotice problem={problem} onRetry={reload} />}
      {view.ended !== null && <EndNotice task={view.ended} receipt={view.receipt} />}
      <ReceiptBox view={view} />
    </section>
  );
}

/**
 * From Run to the end, waiting included: ticking while it is live, the receipt's sum when it is
 * done.
 */
function Elapsed(props: { view: TaskView; startedAtMs: number | null; createdAtMs: number }) {
  const { view, startedAtMs } = props;
  const nowMs = useNow(view.isLive ? TICK_MS : null);
  const seconds = view.receipt?.seconds;
  const isDone = view.ended !== null && displayStatusOf(view.ended) === 'succeeded';
  if (isDone && seconds !== undefined) {
    const stages = [seconds.queue, seconds.preprocess, seconds.run, seconds.postprocess];
    return <Clock seconds={stages.reduce((sum, stage) => sum + Number(stage), 0)} />;
  }
  // The clock of a run that this page started stops when the run is stopped. The duration of an older
  // stopped run is unknown here.
  const fromMs = startedAtMs ?? (view.isLive ? props.createdAtMs : 0);
  return fromMs > 0 ? <Clock seconds={Math.max(0, nowMs - fromMs) / 1000} /> : null;
}

function Clock(props: { seconds: number }) {
  return (
    <span className="elapsed figure" title="From Run to the end, waiting included">
      {duration(props.seconds)}
    </span>
  );
}
