import type { Fleet, FleetWorker } from '../../api/wire.ts';
import { duration } from '../../format/moment.ts';
import { secondsSince } from './seconds-since.ts';

/** A worker renews every 5 s; a reading twice as old says nothing about now. */
const STALE_SECONDS = 12;
const SLOTS_DRAWN_MAX = 16;

export function WorkerTable({ fleet }: { fleet: Fleet }) {
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
            Reading
          </th>
        </tr>
      </thead>
      <tbody>
        {fleet.workers.map((worker) => (
          <Row key={worker.id} worker={worker} now={fleet.now} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ worker, now }: { worker: FleetWorker; now: string }) {
  const age = secondsSince(worker.renewedAt, now);
  const isStale = age > STALE_SECONDS;
  const isGone = worker.state === 'lost' || worker.state === 'stopped';
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
      </td>
      <td data-cell="device">
        {worker.device.device}
        <span className="fine">
          {worker.device.model}, {worker.device.engine} {worker.device.version}
        </span>
      </td>
      <td data-cell="slots">
        <Slots used={isGone ? 0 : worker.used} slots={worker.slots} />
      </td>
      <td className="number figure" data-cell="up">
        {isGone ? '' : duration(secondsSince(worker.startedAt, now))}
      </td>
      <td className="number figure" data-cell="reading">
        {duration(age)} ago
        {isStale && !isGone && <span className="fine">stale</span>}
      </td>
    </tr>
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
