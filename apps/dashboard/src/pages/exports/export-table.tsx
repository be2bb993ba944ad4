import type { WireExport } from '@runfleet/protocol';
import { useState } from 'react';

import { callApi } from '../../api/call-api.ts';
import { explainProblem } from '../../api/explain-problem.ts';
import { useNow } from '../../components/use-now.ts';
import { byteCount } from '../../format/bytes.ts';
import { grouped } from '../../format/count.ts';
import { ago, fullMoment } from '../../format/moment.ts';

const NOW_MS = 5000;

const STATES: Readonly<Record<WireExport['status'], string>> = {
  queued: 'Waiting',
  running: 'Running',
  finished: 'Finished',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

export function ExportTable(props: { exports: readonly WireExport[]; onChanged: () => void }) {
  const nowMs = useNow(NOW_MS);
  return (
    <table className="table exports-table card">
      <thead>
        <tr>
          <th scope="col">Export</th>
          <th scope="col">Progress</th>
          <th scope="col" className="number">
            Ordered
          </th>
          <th scope="col">
            <span className="unseen">File</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {props.exports.map((each) => (
          <tr key={each.id}>
            <th scope="row">
              {each.type === 'tasks' ? 'Tasks' : 'Bills'}
              <span className="fine">
                {fullMoment(Number(each.from))} to {fullMoment(Number(each.to))}
              </span>
            </th>
            <td data-cell="progress">
              <Progress of={each} />
            </td>
            <td className="number" data-cell="ordered" title={fullMoment(Number(each.createtime))}>
              {ago(Number(each.createtime), nowMs)}
            </td>
            <td className="number" data-cell="file">
              <FileAction of={each} onChanged={props.onChanged} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Progress({ of }: { of: WireExport }) {
  const [done, total] = [Number(of.rowsdone), Number(of.rowstotal)];
  const isOpen = of.status === 'queued' || of.status === 'running';
  return (
    <>
      {isOpen && (
        <progress
          aria-label="Rows written"
          // Without a value the bar shows that something is going on.
          {...(total > 0 ? { max: total, value: done } : {})}
        />
      )}
      <span role="status">
        {STATES[of.status]}
        {(total > 0 || of.status === 'finished') && (
          <span className="muted">
            {' '}
            {isOpen
              ? `${grouped(done)} of ${grouped(total)} rows`
              : done === 1
                ? '1 row'
                : `${grouped(done)} rows`}
          </span>
        )}
      </span>
      {of.error !== '' && <span className="fine mistake">{of.error}</span>}
    </>
  );
}

function FileAction({ of, onChanged }: { of: WireExport; onChanged: () => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const cancel = async () => {
    try {
      await callApi('/v1/Export/Cancel', { body: { id: of.id } });
    } catch (failure) {
      setProblem(explainProblem(failure).detail);
    }
    onChanged();
  };
  if (of.status === 'finished') {
    return (
      <a className="button" href={`/v1/Export/Download/${of.id}`} download>
        Download {of.format === 'csv' ? 'CSV' : 'JSON lines'}
        <span className="muted">{byteCount(Number(of.sizebytes))}</span>
      </a>
    );
  }
  if (of.status !== 'queued' && of.status !== 'running') return null;
  return (
    <>
      <button type="button" className="quiet" onClick={() => void cancel()}>
        Cancel
      </button>
      {problem !== null && (
        <span className="fine mistake" role="alert">
          {problem}
        </span>
      )}
    </>
  );
}
