import type { Fleet } from '@runfleet/protocol';

import { grouped } from '../../format/count.ts';
import { duration } from '../../format/moment.ts';
import { STATUS_TEXTS } from '../../task/status-texts.ts';
import { secondsSince } from './seconds-since.ts';

export function RunningTable({ fleet }: { fleet: Fleet }) {
  if (fleet.running.length === 0) return <p className="muted">No task is running.</p>;
  const hosts = new Map(fleet.workers.map((worker) => [worker.id, worker.host]));
  return (
    <table className="table running-table">
      <thead>
        <tr>
          <th scope="col">Task</th>
          <th scope="col">State</th>
          <th scope="col">Worker</th>
          <th scope="col" className="number">
            Organisation
          </th>
          <th scope="col" className="number">
            Epoch
          </th>
          <th scope="col" className="number">
            Tokens
          </th>
          <th scope="col" className="number">
            Billed so far
          </th>
        </tr>
      </thead>
      <tbody>
        {fleet.running.map((task) => (
          <tr key={task.id}>
            <th scope="row" className="figure">
              {task.id}
            </th>
            <td data-cell="state">{STATUS_TEXTS[task.status].label}</td>
            <td data-cell="worker">
              {hosts.get(task.workerId) ?? ''}
              <span className="fine">{task.workerId.slice(0, 8)}</span>
            </td>
            <td className="number figure" data-cell="organisation">
              {task.organisationId}
            </td>
            <td className="number figure" data-cell="epoch">
              {task.epoch}
            </td>
            <td className="number figure" data-cell="tokens">
              {grouped(task.outputTokens)}
            </td>
            <td className="number figure" data-cell="billed">
              {task.acceptedAt === null ? '' : duration(secondsSince(task.acceptedAt, fleet.now))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
