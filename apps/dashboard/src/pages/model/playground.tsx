import { useEffect, useRef, useState } from 'react';

import { explainProblem } from '../../api/explain-problem.ts';
import type { Tool } from '../../api/tool.ts';
import { uploadClient, useClient } from '../../api/use-client.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { navigate, useAddress, withSearch } from '../../router.tsx';
import { useSession } from '../../session/use-session.ts';
import { RunPanel } from '../../task/run-panel.tsx';
import type { FormFiles } from './file-field.tsx';
import { type FormValues, mistakesIn, parametersOf } from './form-values.ts';
import { PromptForm } from './prompt-form.tsx';

/**
 * The prompt form beside the run that it started. The address has the run, so that a reload still
 * follows it.
 */
export function Playground(props: {
  tool: Tool;
  values: FormValues;
  files: FormFiles;
  onChange: (values: FormValues) => void;
  onFiles: (files: FormFiles) => void;
  onFinished: () => void;
}) {
  const { tool, values, files } = props;
  const { visitor } = useSession();
  const { search } = useAddress();
  const client = useClient();
  const [started, setStarted] = useState<{ id: string; token: string; atMs: number } | null>(null);
  const [isStarting, setIsStarting] = useState(false);
  const [sent, setSent] = useState<number | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [mistakes, setMistakes] = useState<Readonly<Record<string, string>>>({});

  const taskId = search.get('task');

  // On a narrow screen the run is below the form, so it is scrolled into view.
  const out = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const top = out.current?.getBoundingClientRect().top ?? 0;
    if (started !== null && top > innerHeight / 2) out.current?.scrollIntoView();
  }, [started]);

  const run = async () => {
    const found = mistakesIn(tool.parameters, values);
    setMistakes(found);
    setProblem(null);
    if (Object.keys(found).length > 0) return focusFirst(Object.keys(found));
    setIsStarting(true);
    try {
      const atMs = Date.now();
      const chosen = Object.entries(files).filter(([, list]) => list.length > 0);
      if (chosen.length > 0) setSent(0);
      const answer = await (chosen.length > 0 ? uploadClient(setSent) : client).run(
        `${tool.owner}/${tool.name}`,
        { ...parametersOf(tool.parameters, values), ...Object.fromEntries(chosen) },
      );
      setStarted({ id: answer.taskId, token: answer.token, atMs });
      navigate(withSearch({ task: answer.taskId, from: null }), { replace: true });
    } catch (failure) {
      setProblem(failure);
      const { field, detail } = explainProblem(failure);
      if (field !== null) setMistakes({ [field]: detail });
    } finally {
      setIsStarting(false);
      setSent(null);
    }
  };

  const change = (next: FormValues) => {
    setMistakes({});
    props.onChange(next);
  };

  return (
    <div className="playground">
      <PromptForm
        tool={tool}
        values={values}
        mistakes={mistakes}
        isSignedIn={visitor !== null}
        isStarting={isStarting}
        files={files}
        sent={sent}
        onChange={change}
        onFiles={(next) => {
          setMistakes({});
          props.onFiles(next);
        }}
        onRun={() => void run()}
      />
      <div className="playground-out" ref={out}>
        {problem !== null && <ProblemNotice problem={problem} />}
        {taskId === null || !visitor ? (
          <p className="card placeholder">
            {visitor === null
              ? 'Sign in to run this model. Its answer appears here as it is written.'
              : 'The answer appears here as it is written.'}
          </p>
        ) : (
          <RunPanel
            key={taskId}
            id={taskId}
            {...(started?.id === taskId ? { token: started.token, startedAtMs: started.atMs } : {})}
            onEnded={props.onFinished}
          />
        )}
      </div>
    </div>
  );
}

function focusFirst(names: readonly string[]): void {
  const name = names[0] ?? '';
  document.querySelector<HTMLElement>(`.prompt-form [name="${CSS.escape(name)}"]`)?.focus();
}
