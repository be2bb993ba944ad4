import type { ExportListAnswer } from '@runfleet/protocol';
import { useQuery } from '@tanstack/react-query';

import { callApi } from '../../api/call-api.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { SignInNeeded } from '../../components/sign-in-needed.tsx';
import { useTitle } from '../../components/use-title.ts';
import { useSession } from '../../session/use-session.ts';
import { ExportForm } from './export-form.tsx';
import { ExportTable } from './export-table.tsx';

const POLL_MS = 1000;
const LISTED_MAX = 50;

export function ExportsPage() {
  useTitle('Exports');
  const { visitor } = useSession();
  if (visitor === undefined) return null;
  if (visitor === null) {
    return <SignInNeeded title="Exports" sentence="Sign in to export your tasks and bills." />;
  }
  return <Exports />;
}

function Exports() {
  const { data, error, refetch } = useQuery({
    queryKey: ['exports'],
    queryFn: ({ signal }) =>
      callApi<ExportListAnswer>('/v1/Export/List', { body: { limit: LISTED_MAX }, signal }),
    refetchInterval: ({ state }) =>
      state.data?.exportlist.some(({ status }) => status === 'queued' || status === 'running')
        ? POLL_MS
        : false,
  });
  const reload = () => void refetch();
  return (
    <>
      <div className="page-head">
        <h1>Exports</h1>
        <ExportForm onOrdered={reload} />
      </div>
      {error && <ProblemNotice problem={error} onRetry={reload} />}
      {data?.exportlist.length === 0 && (
        <div className="empty">
          <p>You have no exports. An export is a file of the tasks or bills of a period.</p>
        </div>
      )}
      {data !== undefined && data.exportlist.length > 0 && (
        <ExportTable exports={data.exportlist} onChanged={reload} />
      )}
      <p className="fine">Files are kept for a day after they are finished.</p>
    </>
  );
}
