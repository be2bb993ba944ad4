import { useEffect } from 'react';

import { ProblemNotice } from '../components/problem-notice.tsx';
import { StatesLine } from '../components/states-line.tsx';
import { useNow } from '../components/use-now.ts';
import { duration } from '../format/moment.ts';
import { Link } from '../router.tsx';
import { useSession } from '../session/session.tsx';
import { AnswerBox } from './answer-box.tsx';
import { EndNotice } from './end-notice.tsx';
import { ReceiptBox } from './receipt-box.tsx';
import { StopButton } from './stop-button.tsx';
import { type TaskView, viewTask } from './task-view.ts';
import { useTask } from './use-task.ts';

const TICK_MS = 100;

/** One run as it happens: states, answer, cost. */
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
    if (isHeld || isEnded) void refresh();
  }, [isHeld, isEnded, refresh]);

  const wasFollowed = token !== undefined;
  useEffect(() => {
    if (isEnded && wasFollowed) onEnded?.();
    // Only the end itself is news; a new callback is not.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isEnded, wasFollowed]);

  if (problem !== null && task === null && run.status === null) {
    return <ProblemNotice problem={problem} onRetry={reload} />;
  }
  const startedAtMs = props.startedAtMs ?? Number(task?.createtime ?? 0) * 1000;
  return (
    <section className="card run" aria-label={`Run ${id}`} data-status={view.status}>
      <div className="run-head">
        <h2>
          <Link href={`/tasks/${id}`}>Task {id}</Link>
        </h2>
        {startedAtMs > 0 && <Elapsed view={view} startedAtMs={startedAtMs} />}
        {view.isLive && <StopButton id={id} status={view.status} onStopped={reload} />}
      </div>
      <StatesLine status={view.status} ended={view.ended} requeues={view.requeues} />
      <AnswerBox view={view} run={run} />
      {view.ended !== null && <EndNotice task={view.ended} receipt={view.receipt} />}
      <ReceiptBox view={view} />
    </section>
  );
}

function Elapsed(props: { view: TaskView; startedAtMs: number }) {
  const { view } = props;
  const nowMs = useNow(view.isLive ? TICK_MS : null);
  const elapsed = Math.max(0, nowMs - props.startedAtMs) / 1000;
  const seconds = view.receipt?.seconds;
  const whole =
    seconds === undefined
      ? null
      : Number(seconds.queue) +
        Number(seconds.preprocess) +
        Number(seconds.run) +
        Number(seconds.postprocess);
  if (!view.isLive && whole === null) return null;
  return (
    <span className="elapsed figure" title="From Run to the end, waiting included">
      {duration(view.isLive ? elapsed : (whole ?? elapsed))}
    </span>
  );
}
