import { useQuery } from '@tanstack/react-query';

import { type Tool, toTool } from '../../api/tool.ts';
import { useClient } from '../../api/use-client.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { useTitle } from '../../components/use-title.ts';
import { counted } from '../../format/count.ts';
import { Link, navigate, useAddress, withSearch } from '../../router.tsx';
import { useSession } from '../../session/use-session.ts';

const MODELS_MAX = 100;

/** The catalogue. */
export function HomePage() {
  useTitle('Models');
  const { search } = useAddress();
  const wanted = search.get('search') ?? '';
  const client = useClient();
  const { data, error, refetch } = useQuery({
    queryKey: ['models', wanted],
    queryFn: async ({ signal }) => {
      const { tools } = await client.tools({ limit: MODELS_MAX, search: wanted }, { signal });
      return tools.map(toTool);
    },
  });
  return (
    <>
      <div className="page-head">
        <h1>Models</h1>
        <input
          type="search"
          className="search"
          placeholder="Search models"
          aria-label="Search models"
          defaultValue={wanted}
          onChange={(event) =>
            navigate(withSearch({ search: event.target.value.trim() || null }), { replace: true })
          }
        />
      </div>
      {error && <ProblemNotice problem={error} onRetry={() => void refetch()} />}
      {data?.length === 0 && <p className="empty">We couldn't find any matching results.</p>}
      <ul className="models">
        {data?.map((tool) => (
          <li key={tool.id}>
            <ModelCard tool={tool} />
          </li>
        ))}
      </ul>
    </>
  );
}

function ModelCard({ tool }: { tool: Tool }) {
  const { visitor } = useSession();
  const isUnserved = visitor?.served[`${tool.owner}/${tool.name}`]?.length === 0;
  return (
    <Link href={`/models/${tool.owner}/${tool.name}`} className="card model-card">
      <h2>
        <span className="muted">{tool.owner}/</span>
        {tool.name}
      </h2>
      <p>{tool.description}</p>
      <p className="facts">
        <span>{counted(tool.runCount, 'run')}</span>
        {tool.runTime !== '' && <span>Run time: {tool.runTime}</span>}
        <span>{tool.price}</span>
        {isUnserved && <span className="chip">No worker serves it now</span>}
      </p>
    </Link>
  );
}
