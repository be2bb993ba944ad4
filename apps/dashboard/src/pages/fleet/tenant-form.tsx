import type { FleetTenant } from '@runfleet/protocol';
import { type FormEvent, useState } from 'react';

import { callApi } from '../../api/call-api.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';

/**
 * Sets a tenant's share of a busy fleet, and what happens to Runs of its projects at their limit.
 */
export function TenantForm(props: { tenant: FleetTenant; onSaved: () => void }) {
  const { tenant, onSaved } = props;
  const [isSaving, setIsSaving] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);

  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setIsSaving(true);
    setProblem(null);
    try {
      const limit = given.get('runningLimit');
      await callApi(`/admin/v1/tenants/${tenant.id}`, {
        body: {
          weight: Number(given.get('weight')),
          runningLimit: limit === '' ? null : Number(limit),
        },
      });
      for (const { id, overflow } of tenant.projects) {
        const wanted = given.get(`overflow-${id}`);
        if (wanted !== overflow) {
          await callApi(`/admin/v1/projects/${id}`, { body: { overflow: wanted } });
        }
      }
      onSaved();
    } catch (failure) {
      setProblem(failure);
      setIsSaving(false);
    }
  };

  return (
    <form className="tenant-form" onSubmit={(event) => void save(event)}>
      <label>
        Weight
        <input
          name="weight"
          type="number"
          min="0.01"
          max="100"
          step="any"
          required
          defaultValue={tenant.weight}
        />
      </label>
      <label>
        Running limit
        <input
          name="runningLimit"
          type="number"
          min="1"
          step="1"
          placeholder="none"
          defaultValue={tenant.runningLimit ?? ''}
        />
      </label>
      {tenant.projects.map((project) => (
        <label key={project.id}>
          {project.name}, at its limit
          <select name={`overflow-${project.id}`} defaultValue={project.overflow}>
            <option value="reject">Refuse Runs</option>
            <option value="queue">Queue Runs</option>
          </select>
        </label>
      ))}
      <button type="submit" className="button-main" disabled={isSaving}>
        {isSaving ? 'Saving…' : 'Save'}
      </button>
      <p className="fine">Changes take effect within about a second, also for queued tasks.</p>
      {problem !== null && <ProblemNotice problem={problem} />}
    </form>
  );
}
