import { DISPLAY_STATUS_LABELS, type DisplayStatus } from '../task/task-outcome.ts';

export function StatusBadge(props: { status: DisplayStatus; label?: string }) {
  return (
    <span className={`badge badge-${props.status}`}>
      <span className="dot" aria-hidden="true" />
      {props.label ?? DISPLAY_STATUS_LABELS[props.status]}
    </span>
  );
}
