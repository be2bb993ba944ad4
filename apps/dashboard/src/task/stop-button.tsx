import type { TaskStatus } from '@runfleet/protocol';
import { useState } from 'react';

import { explainProblem } from '../api/explain-problem.ts';
import { useClient } from '../api/use-client.ts';
import { stopTask } from './stop-task.ts';

export function StopButton(props: { id: string; status: TaskStatus; onStopped(): void }) {
  const client = useClient();
  const [state, setState] = useState<'idle' | 'busy' | { problem: string }>('idle');
  const stop = async () => {
    setState('busy');
    try {
      await stopTask(client, props);
      props.onStopped();
    } catch (failure) {
      setState({ problem: explainProblem(failure).detail });
    }
  };
  return (
    <>
      {typeof state === 'object' && (
        <span className="mistake" role="alert">
          {state.problem}
        </span>
      )}
      <button
        type="button"
        className="button-stop"
        disabled={state === 'busy'}
        onClick={() => void stop()}
      >
        <span className="stop-mark" aria-hidden="true" />
        {state === 'busy' ? 'Stopping…' : 'Stop'}
      </button>
    </>
  );
}
