import {
  isTerminal,
  TASK_LIFE,
  TASK_STATUSES,
  type TaskStatus,
  type WireTask,
} from '@runfleet/protocol';

import { clockTime, fullMoment } from '../../format/moment.ts';
import { STATUS_TEXTS } from '../../task/status-texts.ts';
import { displayStatusOf } from '../../task/task-outcome.ts';

/** The statuses of a task, with the time at which it entered each. */
export function Timeline(props: { task: WireTask; status: TaskStatus; requeues: number }) {
  const { task } = props;
  const reached = TASK_STATUSES.flatMap((status) => {
    const at = Number(task[TASK_LIFE[status].wireTime]);
    return at > 0 ? [{ status, at }] : [];
  });
  const created = Number(task.createtime);
  const isFailed = displayStatusOf(task) === 'failed';
  return (
    <>
      <ol className="timeline">
        {reached.map(({ status, at }) => (
          <li
            key={status}
            data-now={status === props.status && !isTerminal(status)}
            data-end={isTerminal(status) ? displayStatusOf(task) : undefined}
          >
            <span className="step-dot" aria-hidden="true" />
            <span>
              {status === 'task_postprocess_end' && isFailed
                ? 'Failed'
                : STATUS_TEXTS[status].label}
            </span>
            <span className="muted figure" title={fullMoment(at)}>
              {clockTime(at)}
            </span>
            <span className="muted figure">{at > created ? `+${at - created} s` : ''}</span>
          </li>
        ))}
      </ol>
      {props.requeues > 0 && (
        <p className="fine">
          A worker was lost, so the task was queued again. The times are those of the last attempt.
        </p>
      )}
    </>
  );
}
