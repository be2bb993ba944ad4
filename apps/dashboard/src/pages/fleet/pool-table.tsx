import { type Fleet, type FleetPool, IDLE_REASONS, type IdleReason } from '@runfleet/protocol';

import { counted, grouped } from '../../format/count.ts';
import { duration } from '../../format/moment.ts';
import { secondsSince } from './seconds-since.ts';

const IDLE = Object.keys(IDLE_REASONS) as IdleReason[];

/** Queue depth and ready workers per pool. A pool with tasks and no worker is highlighted. */
export function PoolTable({ fleet }: { fleet: Fleet }) {
  const pools = [
    ...new Set([
      ...fleet.queued.map(({ pool }) => pool),
      ...fleet.workers.flatMap(({ pools }) => pools),
    ]),
  ].toSorted();
  if (pools.length === 0) return <p className="muted">No pool has a task or a worker.</p>;
  return (
    <table className="table pool-table">
      <thead>
        <tr>
          <th scope="col">Pool</th>
          <th scope="col" className="number">
            Waiting
          </th>
          <th scope="col" className="number">
            Oldest
          </th>
          <th scope="col" className="number">
            Workers ready
          </th>
        </tr>
      </thead>
      <tbody>
        {pools.map((pool) => {
          const queue = fleet.queued.find((row) => row.pool === pool);
          const ready = fleet.workers.filter(
            (worker) => worker.pools.includes(pool) && worker.state === 'ready',
          ).length;
          const isStuck = queue !== undefined && queue.count > 0 && ready === 0;
          return (
            <tr key={pool}>
              <th scope="row">
                {pool}
                <IdleReasons seen={fleet.standings[pool]} />
              </th>
              <td className="number figure">{grouped(queue?.count ?? 0)}</td>
              <td className="number figure">
                {queue?.oldestQueuedAt
                  ? duration(secondsSince(queue.oldestQueuedAt, fleet.now))
                  : ''}
              </td>
              <td className="number figure">
                {isStuck ? <strong className="mistake">none; tasks are waiting</strong> : ready}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** Why workers with a free slot are idle. */
function IdleReasons({ seen }: { seen: FleetPool | undefined }) {
  const reasons = IDLE.flatMap((reason) => {
    const count = seen?.idle[reason] ?? 0;
    return count > 0 ? [{ reason, count }] : [];
  });
  return reasons.map(({ reason, count }) => (
    <span key={reason} className="fine">
      {counted(count, 'worker')} idle. {IDLE_REASONS[reason]}
    </span>
  ));
}
