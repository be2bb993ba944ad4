import { type FormEvent, useState } from 'react';

import { callApi } from '../../api/call-api.ts';
import { explainProblem } from '../../api/explain-problem.ts';

const DAY_SECONDS = 86_400;
const PERIODS: Readonly<Record<string, number>> = {
  'Last day': DAY_SECONDS,
  'Last 7 days': 7 * DAY_SECONDS,
  'Last 30 days': 30 * DAY_SECONDS,
  'Last 365 days': 365 * DAY_SECONDS,
};

/** Orders an export of a period that ends now. */
export function ExportForm({ onOrdered }: { onOrdered: () => void }) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const order = async (form: FormData) => {
    setBusy(true);
    setProblem(null);
    const to = Math.ceil(Date.now() / 1000);
    const period = form.get('period');
    const from = to - ((typeof period === 'string' && PERIODS[period]) || DAY_SECONDS);
    const body = { type: form.get('type'), format: form.get('format'), from, to };
    try {
      await callApi('/v1/Export/Create', { body });
    } catch (failure) {
      setProblem(explainProblem(failure).detail);
    }
    setBusy(false);
    onOrdered();
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void order(new FormData(event.currentTarget));
  };
  return (
    <form className="filters" onSubmit={submit}>
      <select name="type" aria-label="What to export">
        <option value="tasks">Tasks</option>
        <option value="bills">Bills</option>
      </select>
      <select name="period" aria-label="Period" defaultValue="Last 30 days">
        {Object.keys(PERIODS).map((period) => (
          <option key={period}>{period}</option>
        ))}
      </select>
      <select name="format" aria-label="Format">
        <option value="csv">CSV</option>
        <option value="jsonl">JSON lines</option>
      </select>
      <button type="submit" className="button-main" disabled={isBusy}>
        Export
      </button>
      {problem !== null && (
        <span className="fine mistake" role="alert">
          {problem}
        </span>
      )}
    </form>
  );
}
