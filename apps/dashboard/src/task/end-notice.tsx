import type { Receipt, WireTask } from '@runfleet/protocol';

import { explainFailure, explainFinish, displayStatusOf } from './task-outcome.ts';

/** Why a task ended, if its answer does not show it. */
export function EndNotice(props: { task: WireTask; receipt: Receipt | null }) {
  const displayStatus = displayStatusOf(props.task);
  if (displayStatus === 'stopped') {
    return (
      <div className="notice" role="status">
        <p className="notice-title">Stopped</p>
        <p>The run was stopped before it finished. Nothing was charged.</p>
      </div>
    );
  }
  if (displayStatus === 'failed') {
    const { title, reason, next } = explainFailure(props.task);
    return (
      <div className="notice notice-bad" role="alert">
        <p className="notice-title">{title}</p>
        <pre className="raw">{reason}</pre>
        <p>{next}</p>
      </div>
    );
  }
  const finish = props.receipt === null ? null : explainFinish(props.receipt.finishReason);
  if (finish === null) return null;
  return (
    <div className="notice" role="status">
      <p>{finish}</p>
    </div>
  );
}
