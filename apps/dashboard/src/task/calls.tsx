import type { Call } from './task-view.ts';

/** The calls of an answer: which tools its caller is asked to call, and with what. */
export function Calls(props: { calls: readonly Call[]; isLive: boolean }) {
  if (props.calls.length === 0) return null;
  return (
    <ul className="calls" aria-label="Calls">
      {props.calls.map((call) => (
        <li key={call.call_id} className="call" data-status={call.status}>
          <p className="call-head">
            <code>{call.name}</code>
            <span className="chip">{labelOf(call, props.isLive)}</span>
            <span className="muted figure">{call.call_id}</span>
          </p>
          <pre className="raw">{pretty(call.arguments)}</pre>
        </li>
      ))}
    </ul>
  );
}

/** The call of a task that was stopped stays as its last frame showed it. */
function labelOf({ status }: Call, isLive: boolean): string {
  if (status === 'completed') return 'Completed';
  return status === 'in_progress' && isLive ? 'In progress' : 'Incomplete: not to be executed';
}

/** Arguments in lines, once they are whole. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // They are still being written, or were cut.
    return text;
  }
}
