import { useSyncExternalStore } from 'react';

import { readReachability, subscribeReachability, tryNow } from '../api/server-away.ts';
import { useNow } from './use-now.ts';

/** Shown while the server does not answer, whatever page is open. */
export function AwayBanner() {
  const { away, nextTryAt } = useSyncExternalStore(subscribeReachability, readReachability);
  if (!away) return null;
  return (
    <div className="away" role="alert">
      <p>
        <strong>Runfleet does not answer.</strong> Running tasks go on without this page; what you
        see may be old.
      </p>
      <p className="away-retry">
        {nextTryAt === 0 ? <span>Trying…</span> : <Countdown key={nextTryAt} to={nextTryAt} />}
        <button type="button" onClick={tryNow}>
          Try now
        </button>
      </p>
    </div>
  );
}

function Countdown(props: { to: number }) {
  const nowMs = useNow(500);
  const seconds = Math.max(1, Math.ceil((props.to - nowMs) / 1000));
  return <span aria-hidden="true">Trying in {seconds} s</span>;
}
