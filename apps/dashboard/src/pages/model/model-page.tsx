import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { type Tool, toTool } from '../../api/tool.ts';
import { useClient } from '../../api/use-client.ts';
import { Markdown } from '../../components/markdown.tsx';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { useNow } from '../../components/use-now.ts';
import { useTitle } from '../../components/use-title.ts';
import { counted } from '../../format/count.ts';
import { ago, fullMoment } from '../../format/moment.ts';
import { Link, navigate, useAddress, withSearch } from '../../router.tsx';
import { ApiSample } from './api-sample.tsx';
import { keepDraft, readDraft } from './draft.ts';
import type { FormFiles } from './file-field.tsx';
import { defaultsOf, fillFrom, type FormValues } from './form-values.ts';
import { Playground } from './playground.tsx';
import { ServedNotice } from './served-notice.tsx';

const AGO_MS = 5000;
/** The api counts runs at most once in 10 s. */
const COUNTED_AFTER_MS = 11_000;

const TABS = [
  { key: 'run', label: 'Run' },
  { key: 'api', label: 'API' },
] as const;

export function ModelPage(props: { owner: string; name: string }) {
  const slug = `${props.owner}/${props.name}`;
  useTitle(slug);
  const client = useClient();
  const { data, error, refetch } = useQuery({
    queryKey: ['model', slug],
    queryFn: async ({ signal }) => toTool(await client.tool(slug, { signal })),
  });
  const reload = () => void refetch();
  const onFinished = () => {
    reload();
    setTimeout(reload, COUNTED_AFTER_MS);
  };
  return (
    <>
      <nav className="crumbs" aria-label="Breadcrumb">
        <Link href="/">Models</Link>
        <span aria-hidden="true">/</span>
        <span>{slug}</span>
      </nav>
      {error && <ProblemNotice problem={error} onRetry={reload} />}
      {data && <Model key={data.id} tool={data} onFinished={onFinished} />}
    </>
  );
}

function Model({ tool, onFinished }: { tool: Tool; onFinished: () => void }) {
  const { search } = useAddress();
  const [values, setValues] = useFormValues(tool);
  const [files, setFiles] = useState<FormFiles>({});
  const tab = search.get('tab') === 'api' ? 'api' : 'run';
  return (
    <>
      <div className="model-head">
        <h1>
          <span className="muted">{tool.owner}/</span>
          <wbr />
          {tool.name}
        </h1>
        <p className="model-description">{tool.description}</p>
        <Facts tool={tool} />
        <ServedNotice slug={`${tool.owner}/${tool.name}`} />
      </div>
      <Tabs
        label="Ways to run"
        tabs={TABS}
        chosen={tab}
        onChoose={(key) =>
          navigate(withSearch({ tab: key === 'api' ? 'api' : null }), { replace: true })
        }
      >
        {tab === 'api' ? (
          <ApiSample tool={tool} values={values} files={files} />
        ) : (
          <Playground
            tool={tool}
            values={values}
            files={files}
            onChange={setValues}
            onFiles={setFiles}
            onFinished={onFinished}
          />
        )}
      </Tabs>
      <section className="model-card-text" aria-labelledby="model-card">
        <h2 id="model-card">Model card</h2>
        <Markdown source={tool.readme} />
      </section>
    </>
  );
}

function Facts({ tool }: { tool: Tool }) {
  const nowMs = useNow(AGO_MS);
  return (
    <p className="facts">
      <span>
        <strong>{counted(tool.runCount, 'run')}</strong>
      </span>
      {tool.runTime !== '' && <span>Run time: {tool.runTime}</span>}
      {tool.lastRunAt > 0 && (
        <span title={fullMoment(tool.lastRunAt)}>Last run {ago(tool.lastRunAt, nowMs)}</span>
      )}
      {tool.tags.map((tag) => (
        <span key={tag} className="chip">
          {tag}
        </span>
      ))}
    </p>
  );
}

/**
 * The form's values: from the task in the address (`?from=`), else the draft, else the defaults.
 */
function useFormValues(tool: Tool): [FormValues, (values: FormValues) => void] {
  const client = useClient();
  const { search } = useAddress();
  const from = search.get('from');
  const [values, setValues] = useState<FormValues>(() => ({
    ...defaultsOf(tool.parameters),
    ...readDraft(tool.id),
  }));

  useEffect(() => {
    if (from === null) return;
    const gone = new AbortController();
    const fill = async () => {
      const task = await client.detail({ taskId: from }, { signal: gone.signal });
      setValues(fillFrom(tool.parameters, task.parameters));
    };
    // If that task cannot be read, the form keeps its values.
    fill().catch(() => undefined);
    return () => gone.abort();
  }, [client, from, tool.parameters]);

  useEffect(() => keepDraft(tool.id, values), [tool.id, values]);
  return [values, setValues];
}
