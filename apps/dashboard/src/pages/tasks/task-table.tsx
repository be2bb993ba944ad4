import { isTerminal, type WireTaskSummary } from '@runfleet/protocol';

import { Money } from '../../components/money.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { useNow } from '../../components/use-now.ts';
import { ago, duration, fullMoment } from '../../format/moment.ts';
import { Link } from '../../router.tsx';
import { displayStatusOf } from '../../task/task-outcome.ts';

const NOW_MS = 5000;

export function TaskTable({ tasks }: { tasks: readonly WireTaskSummary[] }) {
  const nowMs = useNow(NOW_MS);
  return (
    <table className="table tasks-table card">
      <thead>
        <tr>
          <th scope="col">Task</th>
          <th scope="col">State</th>
          <th scope="col">Prompt</th>
          <th scope="col" className="number">
            Billed
          </th>
          <th scope="col" className="number">
            Cost
          </th>
          <th scope="col" className="number">
            Created
          </th>
        </tr>
      </thead>
      <tbody>
        {tasks.map((task) => (
          <Row key={task.id} task={task} nowMs={nowMs} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ task, nowMs }: { task: WireTaskSummary; nowMs: number }) {
  const created = Number(task.createtime);
  const isEnded = isTerminal(task.status);
  return (
    <tr>
      <th scope="row">
        <Link href={`/tasks/${task.id}`} className="row-link">
          {task.id}
        </Link>
      </th>
      <td data-cell="state">
        <StatusBadge status={displayStatusOf(task)} />
      </td>
      <td data-cell="prompt">
        <span className="one-line">{promptOf(task)}</span>
        <span className="fine one-line">
          {task.modelslugowner}/{task.modelslugproject}
        </span>
      </td>
      <td className="number figure" data-cell="billed">
        {isEnded && Number(task.elapsedseconds) > 0 ? duration(Number(task.elapsedseconds)) : ''}
      </td>
      <td className="number figure" data-cell="cost">
        {isEnded ? <Money amount={task.totalcost} /> : ''}
      </td>
      <td className="number" data-cell="created" title={fullMoment(created)}>
        {ago(created, nowMs)}
      </td>
    </tr>
  );
}

function promptOf({ parameters }: WireTaskSummary): string {
  const { prompt } = parameters;
  return typeof prompt === 'string' && prompt !== '' ? prompt : 'No prompt';
}
