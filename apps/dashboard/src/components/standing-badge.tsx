import { STANDING_LABELS, type Standing } from '../task/task-outcome.ts';

export function StandingBadge(props: { standing: Standing; label?: string }) {
  return (
    <span className={`badge badge-${props.standing}`}>
      <span className="dot" aria-hidden="true" />
      {props.label ?? STANDING_LABELS[props.standing]}
    </span>
  );
}
