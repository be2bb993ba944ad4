import type { FleetTenant, FleetTenants } from '@runfleet/protocol';
import { Fragment, useState } from 'react';

import { useLiveQuery } from '../../api/use-live-query.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { grouped } from '../../format/count.ts';
import { duration } from '../../format/moment.ts';
import { TenantForm } from './tenant-form.tsx';

const POLL_MS = 5000;

/** How much of the fleet each organisation uses, and its share settings. */
export function TenantTable() {
  const { data, error, refetch } = useLiveQuery(
    '/admin/v1/tenants',
    POLL_MS,
    (tenants: FleetTenants) => tenants,
  );
  const [changedId, setChangedId] = useState<string | null>(null);
  if (data === undefined) return error && <ProblemNotice problem={error} />;
  const { tenants, windowSeconds } = data;
  if (tenants.length === 0) {
    return (
      <p className="muted">
        No organisation used a slot in the last {duration(windowSeconds)}, and no task is queued.
      </p>
    );
  }
  const allSeconds = tenants.reduce((sum, { slotSeconds }) => sum + slotSeconds, 0);
  const onSaved = () => {
    setChangedId(null);
    void refetch();
  };
  return (
    <table className="table tenant-table">
      <thead>
        <tr>
          <th scope="col">Organisation</th>
          <th scope="col">Slot time, last {duration(windowSeconds)}</th>
          <th scope="col" className="number">
            Waiting
          </th>
          <th scope="col" className="number">
            Running
          </th>
          <th scope="col" className="number">
            Weight
          </th>
          <th scope="col">
            <span className="unseen">Change</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {tenants.map((tenant) => (
          <Fragment key={tenant.id}>
            <Row
              tenant={tenant}
              allSeconds={allSeconds}
              onChange={() => setChangedId(changedId === tenant.id ? null : tenant.id)}
            />
            {changedId === tenant.id && (
              <tr className="tenant-change">
                <td colSpan={6}>
                  <TenantForm tenant={tenant} onSaved={onSaved} />
                </td>
              </tr>
            )}
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

function Row(props: { tenant: FleetTenant; allSeconds: number; onChange: () => void }) {
  const { tenant, allSeconds } = props;
  const { runningLimit } = tenant;
  const part = allSeconds === 0 ? 0 : tenant.slotSeconds / allSeconds;
  return (
    <tr>
      <th scope="row">
        <span className="one-line">{tenant.name}</span>
        <span className="fine">{tenant.id}</span>
      </th>
      <td data-cell="share">
        <span className="share">
          <span className="share-bar" aria-hidden="true">
            <span style={{ width: `${part * 100}%` }} />
          </span>
          <span className="figure">
            {Math.round(part * 100)} %<span className="muted"> {duration(tenant.slotSeconds)}</span>
          </span>
        </span>
      </td>
      <td className="number figure" data-cell="waiting">
        {tenant.waiting === null ? '?' : grouped(tenant.waiting)}
      </td>
      <td className="number figure" data-cell="running">
        {grouped(tenant.running)}
        {runningLimit !== null && <span className="muted"> of {grouped(runningLimit)}</span>}
      </td>
      <td className="number figure" data-cell="weight">
        {tenant.weight}
      </td>
      <td className="number" data-cell="change">
        <button type="button" className="quiet" onClick={props.onChange}>
          Change<span className="unseen"> {tenant.name}</span>
        </button>
      </td>
    </tr>
  );
}
