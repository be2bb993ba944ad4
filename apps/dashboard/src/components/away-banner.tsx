import { useSyncExternalStore } from 'react';

import { readReachability, subscribeReachability, retryNow } from '../api/server-away.ts';
import { useNow } from './use-now.ts';

/** Shown on every page while the server cannot be reached. */
export function AwayBanner() {
  const { away, nextAttemptAt } = useSyncExternalStore(subscribeReachability, readReachability);
  if (!away) return null;
  return (
    <div className="away" role="alert">
      <p>
        <strong>Runfleet is not responding.</strong> Running tasks continue. This page may be out of
        date.
      </p>
      <p className="away-retry">
        {nextAttemptAt === 0 ? (
          <span>Retrying…</span>
        ) : (
          <Countdown key={nextAttemptAt} to={nextAttemptAt} />
        )}
        <button type="button" onClick={retryNow}>
          Retry now
        </button>
      </p>
    </div>
  );
}

function Countdown(props: { to: number }) {
  const nowMs = useNow(500);
  const seconds = Math.max(1, Math.ceil((props.to - nowMs) / 1000));
  return <span aria-hidden="true">Retrying in {seconds} s</span>;
}
