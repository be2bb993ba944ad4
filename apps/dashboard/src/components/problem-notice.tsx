import { explainProblem } from '../api/explain-problem.ts';
import { Link } from '../router.tsx';

/** Explains a failed call and offers the next step. */
export function ProblemNotice(props: { problem: unknown; onRetry?: () => void }) {
  const { title, detail, next, requestId } = explainProblem(props.problem);
  return (
    <div className="notice notice-bad" role="alert">
      <p className="notice-title">{title}</p>
      <p>{detail}</p>
      {(next !== null || props.onRetry !== undefined) && (
        <p className="notice-actions">
          {next !== null && <Link href={next.href}>{next.label}</Link>}
          {props.onRetry !== undefined && (
            <button type="button" className="link" onClick={props.onRetry}>
              Try again
            </button>
          )}
        </p>
      )}
      {requestId !== null && <p className="fine">Request {requestId}</p>}
    </div>
  );
}
