import { type Fleet, type FleetWorker, IDLE_REASONS, type IdleReason } from '@runfleet/protocol';

import { gigabytes } from '../../format/bytes.ts';
import { counted } from '../../format/count.ts';
import { duration, wholeDuration } from '../../format/moment.ts';
import { isOnline } from './depth-history.ts';
import { secondsSince } from './seconds-since.ts';
import { WorkerActions } from './worker-actions.tsx';

/** A worker renews its lease every 5 s. Data more than twice as old is marked as stale. */
const STALE_SECONDS = 12;
const SLOTS_DRAWN_MAX = 16;

/** Why a free slot is idle, short enough for a cell. */
const IDLE_LABELS = {
  no_task: 'no task queued',
  tenants_parked: 'tenants at their limit',
  labels: 'labels do not match',
  left: 'left to another model',
  memory: 'not enough memory',
  session: 'waits for a session',
  avoided: 'avoided after a failure',
  draining: 'draining',
  quarantined: 'quarantined',
} as const satisfies Record<IdleReason, string>;

export function WorkerTable(props: { fleet: Fleet; onChanged: () => void }) {
  const { fleet } = props;
  if (fleet.workers.length === 0) {
    return (
      <p className="muted">
        No worker has reported in the last hour. Start one with <code>--roles worker</code>; until
        then tasks wait, free of charge.
      </p>
    );
  }
  return (
    <table className="table worker-table">
      <thead>
        <tr>
          <th scope="col">Worker</th>
          <th scope="col">State</th>
          <th scope="col">Device</th>
          <th scope="col">Slots</th>
          <th scope="col" className="number">
            Up
          </th>
          <th scope="col" className="number">
            Updated
          </th>
          <th scope="col">
            <span className="unseen">Change</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {fleet.workers.map((worker) => (
          <Row
            key={worker.id}
            worker={worker}
            idle={idleOf(fleet, worker)}
            now={fleet.now}
            onChanged={props.onChanged}
          />
        ))}
      </tbody>
    </table>
  );
}

/** Why a worker with a free slot is idle, from the first of its pools whose leader reports it. */
function idleOf(fleet: Fleet, worker: FleetWorker): IdleReason | undefined {
  return worker.pools
    .map((pool) => fleet.standings[pool]?.workers[worker.id])
    .find((reason) => reason !== undefined);
}

function Row(props: {
  worker: FleetWorker;
  idle: IdleReason | undefined;
  now: string;
  onChanged: () => void;
}) {
  const { worker, now } = props;
  const age = secondsSince(worker.renewedAt, now);
  const isStale = age > STALE_SECONDS;
  const isGone = !isOnline(worker);
  return (
    <tr className={isStale ? 'stale' : undefined}>
      <th scope="row">
        {worker.host}
        <span className="fine">{worker.id.slice(0, 8)}</span>
      </th>
      <td data-cell="state">
        <span className={`badge badge-${worker.state}`}>
          <span className="dot" aria-hidden="true" />
          {worker.state}
        </span>
        <Troubles worker={worker} />
      </td>
      <td data-cell="device">
        {worker.device.device}
        <span className="fine">
          {worker.device.model}, {worker.device.engine} {worker.device.version}
        </span>
        <Equipment worker={worker} />
      </td>
      <td data-cell="slots">
        <Slots used={isGone ? 0 : worker.used} slots={worker.slots} />
        {worker.state === 'ready' && props.idle !== undefined && (
          <span className="fine" title={IDLE_REASONS[props.idle]}>
            {IDLE_LABELS[props.idle]}
          </span>
        )}
      </td>
      <td className="number figure" data-cell="up">
        {isGone ? '' : duration(secondsSince(worker.startedAt, now))}
      </td>
      <td className="number figure" data-cell="reading">
        {duration(age)} ago
        {isStale && !isGone && <span className="fine">stale</span>}
      </td>
      <td className="number" data-cell="change">
        {!isGone && <WorkerActions worker={worker} onChanged={props.onChanged} />}
      </td>
    </tr>
  );
}

function Troubles({ worker: { strikes, quarantinePulses } }: { worker: FleetWorker }) {
  return (
    <>
      {quarantinePulses !== null && (
        <span className="fine">{wholeDuration(quarantinePulses)} left</span>
      )}
      {strikes > 0 && <span className="fine">{counted(strikes, 'strike')}</span>}
    </>
  );
}

/** The worker's labels and the models in its memory. */
function Equipment({ worker: { labels, loaded } }: { worker: FleetWorker }) {
  const models = Object.entries(loaded);
  if (labels.length + models.length === 0) return null;
  return (
    <span className="chips">
      {models.map(([pool, { bytes }]) => (
        <span key={pool} className="chip" title="In memory">
          {pool}
          {bytes > 0 && ` ${gigabytes(bytes)}`}
        </span>
      ))}
      {labels.map((label) => (
        <span key={label} className="chip chip-label" title="Label">
          {label}
        </span>
      ))}
    </span>
  );
}

function Slots({ used, slots }: { used: number; slots: number }) {
  return (
    <span className="slots">
      {slots <= SLOTS_DRAWN_MAX && (
        <span className="slot-marks" aria-hidden="true">
          {Array.from({ length: slots }, (_, index) => (
            <span key={index} className={index < used ? 'slot slot-used' : 'slot'} />
          ))}
        </span>
      )}
      <span className="figure">
        {used} / {slots}
      </span>
    </span>
  );
}
