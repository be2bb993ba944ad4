import type { TaskStatus } from '@runfleet/protocol';

import { STATUS_LABELS, STATUS_SENTENCES, STEPS } from '../task/status-label.ts';
import type { Standing } from '../task/task-outcome.ts';

/** Where a task is on its road, and for how long it has been on it. */
export function StatesLine(props: {
  status: TaskStatus;
  standing: Standing | null;
  requeues: number;
}) {
  const at = STEPS.findIndex((step) => step.statuses.includes(props.status));
  const isOver = props.standing === 'failed' || props.standing === 'stopped';
  const sentence =
    props.standing === 'failed' ? 'The task has failed.' : STATUS_SENTENCES[props.status];
  return (
    <div className="states">
      <ol className={isOver ? 'states-line states-over' : 'states-line'} aria-label="States">
        {STEPS.map((step, index) => {
          const isLast = index === STEPS.length - 1;
          const isDone = index < at || (isLast && props.standing === 'succeeded');
          const progress = isDone ? 'done' : index === at && !isOver ? 'now' : 'next';
          return (
            <li
              key={step.label}
              data-progress={progress}
              aria-current={progress === 'now' ? 'step' : undefined}
            >
              <span className="step-dot" aria-hidden="true" />
              <span className="step-label">{step.label}</span>
            </li>
          );
        })}
      </ol>
      <p className="states-sentence" aria-live="polite">
        <strong>{props.standing === 'failed' ? 'Failed' : STATUS_LABELS[props.status]}.</strong>{' '}
        {sentence}
        {props.requeues > 0 &&
          ` Its worker was lost, so it started over (${props.requeues === 1 ? 'once' : `${props.requeues} times`}). Only the last attempt counts.`}
      </p>
    </div>
  );
}
