import { isTerminal } from '@runfleet/protocol';
import { useQuery } from '@tanstack/react-query';
import type { FormEvent } from 'react';

import { useClient } from '../../api/use-client.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { SignInNeeded } from '../../components/sign-in-needed.tsx';
import { useTitle } from '../../components/use-title.ts';
import { grouped } from '../../format/count.ts';
import { Link, navigate, useAddress, withSearch } from '../../router.tsx';
import { useSession } from '../../session/use-session.ts';
import {
  filterFrom,
  listedBy,
  type ListFilter,
  PAGE_SIZES,
  PERIODS,
  STATES,
} from './list-filter.ts';
import { TaskTable } from './task-table.tsx';

const LIVE_REFRESH_MS = 2000;
const MODELS_MAX = 100;

export function TasksPage() {
  useTitle('Task history');
  const { visitor } = useSession();
  if (visitor === undefined) return null;
  if (visitor === null) {
    return <SignInNeeded title="Task history" sentence="Sign in to see your tasks." />;
  }
  return <History />;
}

function History() {
  const { search } = useAddress();
  const filter = filterFrom(search);
  const client = useClient();
  const { data, error, refetch } = useQuery({
    queryKey: ['tasks', filter],
    queryFn: ({ signal }) => client.summaries(listedBy(filter, Date.now()), { signal }),
    refetchInterval: ({ state }) =>
      state.data?.tasks.some((task) => !isTerminal(task.status)) ? LIVE_REFRESH_MS : false,
  });
  const total = data?.total ?? 0;
  const isFiltered = filter.model !== '' || filter.state !== null || filter.created !== null;
  return (
    <>
      <div className="page-head">
        <h1>Task history</h1>
        <Filters filter={filter} />
      </div>
      {error && <ProblemNotice problem={error} onRetry={() => void refetch()} />}
      {data?.tasks.length === 0 && (
        <div className="empty">
          <p>
            {total > 0
              ? 'This page has no tasks.'
              : isFiltered
                ? "We couldn't find any matching results."
                : "You don't have any tasks yet."}
          </p>
          {total > 0 || isFiltered ? (
            <Link href="/tasks" className="button">
              Show all tasks
            </Link>
          ) : (
            <Link href="/" className="button button-main">
              Go to the models
            </Link>
          )}
        </div>
      )}
      {data !== undefined && data.tasks.length > 0 && (
        <>
          <TaskTable tasks={data.tasks} />
          <Paging filter={filter} total={total} />
        </>
      )}
    </>
  );
}

function Filters({ filter }: { filter: ListFilter }) {
  const goTo = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const id = new FormData(event.currentTarget).get('id');
    if (typeof id === 'string' && /^\d+$/.test(id.trim())) navigate(`/tasks/${id.trim()}`);
  };
  const show = (changes: Record<string, string | null>) =>
    navigate(withSearch({ page: null, ...changes }), { replace: true });
  const client = useClient();
  const { data: slugs = [] } = useQuery({
    queryKey: ['slugs of models'],
    queryFn: async ({ signal }) => {
      const { tools } = await client.tools({ limit: MODELS_MAX }, { signal });
      return tools.map((tool) => `${tool.slugowner}/${tool.slugproject}`);
    },
  });
  const models = [...new Set([...slugs, ...(filter.model === '' ? [] : [filter.model])])];
  return (
    <div className="filters">
      <form onSubmit={goTo} role="search">
        <input
          name="id"
          inputMode="numeric"
          pattern="\s*\d+\s*"
          placeholder="Task number"
          aria-label="Go to the task with this number"
        />
      </form>
      <select
        aria-label="Model"
        value={filter.model}
        onChange={(event) => show({ model: event.target.value || null })}
      >
        <option value="">All models</option>
        {models.map((model) => (
          <option key={model}>{model}</option>
        ))}
      </select>
      <select
        aria-label="State"
        value={filter.state ?? ''}
        onChange={(event) => show({ state: event.target.value || null })}
      >
        <option value="">All states</option>
        {Object.entries(STATES).map(([state, label]) => (
          <option key={state} value={state}>
            {label}
          </option>
        ))}
      </select>
      <select
        aria-label="Created"
        value={filter.created ?? ''}
        onChange={(event) => show({ created: event.target.value || null })}
      >
        <option value="">Any time</option>
        {Object.entries(PERIODS).map(([period, { label }]) => (
          <option key={period} value={period}>
            {label}
          </option>
        ))}
      </select>
      <select
        aria-label="Order"
        value={filter.order}
        onChange={(event) => show({ order: event.target.value === 'ASC' ? 'oldest' : null })}
      >
        <option value="DESC">Newest first</option>
        <option value="ASC">Oldest first</option>
      </select>
      <select
        aria-label="Tasks per page"
        value={filter.limit}
        onChange={(event) => show({ limit: event.target.value })}
      >
        {PAGE_SIZES.map((size) => (
          <option key={size} value={size}>
            {size} per page
          </option>
        ))}
      </select>
    </div>
  );
}

function Paging({ filter, total }: { filter: ListFilter; total: number }) {
  const first = (filter.page - 1) * filter.limit + 1;
  const last = Math.min(total, filter.page * filter.limit);
  return (
    <nav className="paging" aria-label="Pages">
      <span className="muted figure">
        {grouped(first)} to {grouped(last)} of {grouped(total)}
      </span>
      <span className="paging-links">
        {filter.page > 1 && (
          <Link
            href={withSearch({ page: filter.page === 2 ? null : String(filter.page - 1) })}
            className="button"
          >
            Previous
          </Link>
        )}
        {last < total && (
          <Link href={withSearch({ page: String(filter.page + 1) })} className="button">
            Next
          </Link>
        )}
      </span>
    </nav>
  );
}
