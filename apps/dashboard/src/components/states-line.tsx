import { type Receipt, TASK_LIFE, type TaskStatus, type WireTask } from '@runfleet/protocol';

import { STATUS_TEXTS, STEPS } from '../task/status-texts.ts';
import { displayStatusOf, explainFinish } from '../task/task-outcome.ts';

/** The steps of a task, with the one that it has reached. */
export function StatesLine(props: {
  status: TaskStatus;
  ended: WireTask | null;
  receipt: Receipt | null;
  requeues: number;
}) {
  const { ended, receipt } = props;
  const displayStatus = ended === null ? null : displayStatusOf(ended);
  // The receipt has why the model stopped writing.
  const isWhole =
    displayStatus === 'succeeded' &&
    receipt !== null &&
    explainFinish(receipt.finishReason) === null;
  const isHalted = displayStatus === 'failed' || displayStatus === 'stopped';
  const at =
    ended !== null && isHalted
      ? haltedAt(ended)
      : STEPS.findIndex((step) => step.statuses.includes(props.status));
  return (
    <div className="states">
      <ol className={`states-line states-${displayStatus ?? 'live'}`} aria-label="States">
        {STEPS.map((step, index) => {
          const isLast = index === STEPS.length - 1;
          const isDone = index < at || (isLast && displayStatus === 'succeeded');
          const here = isHalted ? 'halted' : 'now';
          const progress = isDone ? 'done' : index === at ? here : 'next';
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
        <strong>{displayStatus === 'failed' ? 'Failed' : STATUS_TEXTS[props.status].label}.</strong>{' '}
        {displayStatus === 'failed'
          ? 'The reason is below.'
          : isWhole
            ? 'The answer is complete.'
            : STATUS_TEXTS[props.status].sentence}
        {props.requeues > 0 &&
          ` Its worker was lost, so it was restarted (${props.requeues === 1 ? 'once' : `${props.requeues} times`}). Only the last attempt is billed.`}
      </p>
    </div>
  );
}

/** The last step that a failed or stopped task reached, by the times in its record. */
function haltedAt(task: WireTask): number {
  const isReached = (status: TaskStatus) =>
    status !== 'task_postprocess_end' && Number(task[TASK_LIFE[status].wireTime]) > 0;
  return STEPS.findLastIndex((step) => step.statuses.some(isReached));
}
