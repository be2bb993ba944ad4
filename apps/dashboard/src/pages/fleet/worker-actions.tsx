import type { FleetWorker } from '@runfleet/protocol';
import { useState } from 'react';

import { callApi } from '../../api/call-api.ts';
import { explainProblem } from '../../api/explain-problem.ts';

type State = 'idle' | 'asking' | 'busy' | { problem: string };

/** The actions of an operator for an online worker. A drain cannot be undone here, so it asks first. */
export function WorkerActions(props: { worker: FleetWorker; onChanged: () => void }) {
  const { worker, onChanged } = props;
  const [state, setState] = useState<State>('idle');
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
  if (state === 'asking') {
    return (
      <span role="group" aria-label={`Drain ${worker.host}?`}>
        <span className="fine" role="status">
          It will take no new tasks until its process is restarted.
        </span>
        <button type="button" onClick={() => void change('drain')}>
          Drain this worker
        </button>
        <button type="button" className="quiet" onClick={() => setState('idle')}>
          Cancel
        </button>
      </span>
    );
  }
  return (
    <>
      {worker.state === 'quarantined' && (
        <button type="button" disabled={isBusy} onClick={() => void change('pardon')}>
          End quarantine
        </button>
      )}
      {worker.state === 'draining' ? (
        <span className="fine">Restart its process to give it tasks again.</span>
      ) : (
        <button
          type="button"
          className="quiet"
          title="Finishes its tasks and takes no new ones"
          disabled={isBusy}
          onClick={() => setState('asking')}
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
