import type { Fleet } from '@runfleet/protocol';

import { Money } from '../../components/money.tsx';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { SignInNeeded } from '../../components/sign-in-needed.tsx';
import { useNow } from '../../components/use-now.ts';
import { useTitle } from '../../components/use-title.ts';
import { grouped } from '../../format/count.ts';
import { duration } from '../../format/moment.ts';
import { useSession } from '../../session/use-session.ts';
import { DepthChart } from './depth-chart.tsx';
import { isOnline, runningIn, waitingIn } from './depth-history.ts';
import { JobsTable } from './jobs-table.tsx';
import { PoolTable } from './pool-table.tsx';
import { RunningTable } from './running-table.tsx';
import { secondsSince } from './seconds-since.ts';
import { TenantTable } from './tenant-table.tsx';
import { useFleet } from './use-fleet.ts';
import { WorkerTable } from './worker-table.tsx';

export function FleetPage() {
  useTitle('Fleet');
  const { visitor } = useSession();
  if (visitor === undefined) return null;
  if (visitor === null) {
    return (
      <SignInNeeded title="Fleet" sentence="Sign in as an operator to see queues and workers." />
    );
  }
  if (!visitor.user.isOperator) {
    return (
      <div className="empty">
        <h1>Fleet</h1>
        <p>This page is for operators. Ask an operator for access.</p>
      </div>
    );
  }
  return <FollowedFleetPage />;
}

function FollowedFleetPage() {
  const { data, error, dataUpdatedAt, refetch } = useFleet();
  return (
    <>
      <div className="page-head">
        <h1>Fleet</h1>
        {data && <Freshness readAtMs={dataUpdatedAt} hasFailed={error !== null} />}
      </div>
      {error && !data && <ProblemNotice problem={error} />}
      {data && (
        <div className={error ? 'fleet fleet-old' : 'fleet'}>
          <Statistics fleet={data.fleet} />
          <section className="card">
            <h2>Queue</h2>
            <DepthChart history={data.history} />
            <PoolTable fleet={data.fleet} />
          </section>
          <section className="card">
            <h2>Workers</h2>
            <WorkerTable fleet={data.fleet} onChanged={() => void refetch()} />
          </section>
          <section className="card">
            <h2>Organisations</h2>
            <TenantTable />
          </section>
          <section className="card">
            <h2>Running tasks</h2>
            <RunningTable fleet={data.fleet} />
          </section>
          <section className="card">
            <h2>Background jobs</h2>
            <JobsTable />
          </section>
        </div>
      )}
    </>
  );
}

/** The age of the data on the screen. */
function Freshness({ readAtMs, hasFailed }: { readAtMs: number; hasFailed: boolean }) {
  const nowMs = useNow(1000);
  const seconds = Math.max(0, Math.round((nowMs - readAtMs) / 1000));
  const isOld = hasFailed || seconds > 6;
  return (
    <p className={isOld ? 'reading reading-old' : 'reading'}>
      <span className="dot" aria-hidden="true" />
      {isOld ? `Last updated ${duration(seconds)} ago` : 'Live'}
    </p>
  );
}

function Statistics({ fleet }: { fleet: Fleet }) {
  const oldest = fleet.queued.flatMap(({ oldestQueuedAt }) => oldestQueuedAt ?? []);
  const oldestSeconds = Math.max(0, ...oldest.map((at) => secondsSince(at, fleet.now)));
  const online = fleet.workers.filter(isOnline);
  const slots = online.reduce((sum, worker) => sum + worker.slots, 0);
  const waiting = waitingIn(fleet);
  return (
    <dl className="figures">
      <div className="card">
        <dt>Waiting</dt>
        <dd>{grouped(waiting)}</dd>
        <p className="fine">
          {waiting === 0 ? 'The queue is empty' : `Oldest: ${duration(oldestSeconds)}`}
        </p>
      </div>
      <div className="card">
        <dt>Slots in use</dt>
        <dd>
          {runningIn(fleet)}
          <span className="muted"> / {slots}</span>
        </dd>
        <p className="fine">
          {online.length === 1 ? '1 worker online' : `${online.length} workers online`}
        </p>
      </div>
      <div className="card">
        <dt>Spent today</dt>
        <dd>
          <Money amount={fleet.spentTodayUsd} />
        </dd>
        <p className="fine">All organisations, UTC day</p>
      </div>
      <div className="card">
        <dt>Finished today</dt>
        <dd>{grouped(fleet.finishedToday)}</dd>
        <p className={fleet.failedToday > 0 ? 'fine mistake' : 'fine'}>
          {grouped(fleet.failedToday)} failed
        </p>
      </div>
    </dl>
  );
}
