import type { FleetFailedJob, FleetJobs } from '@runfleet/protocol';
import { useState } from 'react';

import { callApi } from '../../api/call-api.ts';
import { explainProblem } from '../../api/explain-problem.ts';
import { useLiveQuery } from '../../api/use-live-query.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { useNow } from '../../components/use-now.ts';
import { grouped } from '../../format/count.ts';
import { ago } from '../../format/moment.ts';

const POLL_MS = 5000;
const NOW_MS = 5000;

const STATES: Readonly<Record<FleetJobs['upkeep'][number]['state'], string>> = {
  running: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
  timed_out: 'Ran too long',
  died: 'Its broker died',
};

/** The scheduled jobs, the queues of background jobs, and what failed in them. */
export function JobsTable() {
  const { data, error, refetch } = useLiveQuery(
    '/admin/v1/jobs',
    POLL_MS,
    (jobs: FleetJobs) => jobs,
  );
  const nowMs = useNow(NOW_MS);
  if (data === undefined) return error && <ProblemNotice problem={error} />;
  return (
    <>
      <QueueTable queues={data.queues} />
      <FailedTable failed={data.failed} nowMs={nowMs} onChanged={() => void refetch()} />
      <UpkeepTable upkeep={data.upkeep} nowMs={nowMs} />
    </>
  );
}

function QueueTable({ queues }: Pick<FleetJobs, 'queues'>) {
  if (queues === null) return <p className="mistake">Redis cannot be reached.</p>;
  return (
    <table className="table job-queues-table">
      <thead>
        <tr>
          <th scope="col">Queue</th>
          {['Waiting', 'Delayed', 'Active', 'Failed'].map((state) => (
            <th key={state} scope="col" className="number">
              {state}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {queues.map(({ queue, waiting, delayed, active, failed }) => (
          <tr key={queue}>
            <th scope="row">{queue}</th>
            <td className="number figure">{grouped(waiting)}</td>
            <td className="number figure">{grouped(delayed)}</td>
            <td className="number figure">{grouped(active)}</td>
            <td className={failed > 0 ? 'number figure mistake' : 'number figure'}>
              {grouped(failed)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function FailedTable(props: {
  failed: readonly FleetFailedJob[];
  nowMs: number;
  onChanged: () => void;
}) {
  if (props.failed.length === 0) return null;
  return (
    <table className="table failed-jobs-table">
      <thead>
        <tr>
          <th scope="col">Failed job</th>
          <th scope="col">Reason</th>
          <th scope="col" className="number">
            Failed
          </th>
          <th scope="col">
            <span className="unseen">Retry</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {props.failed.map((job) => (
          <tr key={`${job.queue} ${job.id}`}>
            <th scope="row">
              {job.name}
              <span className="fine">{job.queue}</span>
            </th>
            <td>{job.reason}</td>
            <td className="number">{ago(job.failedAtMs / 1000, props.nowMs)}</td>
            <td className="number">
              <RetryButton job={job} onChanged={props.onChanged} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RetryButton({ job, onChanged }: { job: FleetFailedJob; onChanged: () => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const retry = async () => {
    try {
      await callApi('/admin/v1/jobs/retry', { body: { queue: job.queue, id: job.id } });
      setProblem(null);
    } catch (failure) {
      setProblem(explainProblem(failure).detail);
    }
    onChanged();
  };
  return (
    <>
      <button type="button" className="quiet" onClick={() => void retry()}>
        Retry<span className="unseen"> {job.name}</span>
      </button>
      {problem !== null && (
        <span className="fine mistake" role="alert">
          {problem}
        </span>
      )}
    </>
  );
}

function UpkeepTable({ upkeep, nowMs }: Pick<FleetJobs, 'upkeep'> & { nowMs: number }) {
  return (
    <table className="table upkeep-table">
      <thead>
        <tr>
          <th scope="col">Scheduled job</th>
          <th scope="col">Last run</th>
          <th scope="col" className="number">
            Changed
          </th>
          <th scope="col" className="number">
            Last success
          </th>
        </tr>
      </thead>
      <tbody>
        {upkeep.map((run) => (
          <tr key={run.name}>
            <th scope="row">{run.name}</th>
            <td>
              <span className={run.failures > 0 ? 'mistake' : undefined}>{STATES[run.state]}</span>
              <span className="muted"> {ago(Number(run.startedAt) / 1e6, nowMs)}</span>
              {run.error !== '' && (
                <span className="fine">
                  {run.error} ({grouped(run.failures)} in a row)
                </span>
              )}
            </td>
            <td className="number figure" data-cell="changed">
              {grouped(run.changed)}
            </td>
            <td className="number">
              {run.succeededAt === null ? 'never' : ago(Number(run.succeededAt) / 1e6, nowMs)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
