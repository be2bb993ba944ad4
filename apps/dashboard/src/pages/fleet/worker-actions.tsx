import type { FleetWorker } from '@runfleet/protocol';
import { useState } from 'react';

import { callApi } from '../../api/call-api.ts';
import { explainProblem } from '../../api/explain-problem.ts';

/** The actions of an operator for an online worker. */
export function WorkerActions(props: { worker: FleetWorker; onChanged: () => void }) {
  const { worker, onChanged } = props;
  const [state, setState] = useState<'idle' | 'busy' | { problem: string }>('idle');
  const change = async (what: 'drain' | 'pardon') => {
    setState('busy');
    try {
      await callApi(`/admin/v1/workers/${worker.id}/${what}`, { body: {} });
      setState('idle');
    } catch (failure) {
      setState({ problem: explainProblem(failure).detail });
    }
    onChanged();
  };
  const isBusy = state === 'busy';
  return (
    <>
      {worker.state === 'quarantined' && (
        <button type="button" disabled={isBusy} onClick={() => void change('pardon')}>
          End quarantine
        </button>
      )}
      {worker.state !== 'draining' && (
        <button
          type="button"
          className="quiet"
          title="Finishes its tasks and takes no new ones"
          disabled={isBusy}
          onClick={() => void change('drain')}
        >
          Drain
        </button>
      )}
      {typeof state === 'object' && (
        <span className="fine mistake" role="alert">
          {state.problem}
        </span>
      )}
    </>
  );
}
