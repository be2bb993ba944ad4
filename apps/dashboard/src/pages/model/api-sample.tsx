import {
  SAMPLE_LANGUAGE_KEYS,
  SAMPLE_LANGUAGES,
  WAIT_SECONDS,
  writeFormRun,
} from '@runfleet/samples';

import type { Tool } from '../../api/tool.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { Link } from '../../router.tsx';
import { useSession } from '../../session/use-session.ts';
import type { FormFiles } from './file-field.tsx';
import { type FormValues, parametersOf } from './form-values.ts';
import { useSampleLanguage } from './use-sample-language.ts';
import { RUN_RESPONSE, socketSample } from './wire-samples.ts';

const LANGUAGE_TABS = SAMPLE_LANGUAGE_KEYS.map((key) => ({ key, label: key }));

/** The same run as a program, with this server's address and the form's input. */
export function ApiSample(props: { tool: Tool; values: FormValues; files: FormFiles }) {
  const { tool, values } = props;
  const { visitor } = useSession();
  const project = visitor?.projects[0] ?? null;
  const [key, setKey] = useSampleLanguage();
  const language = SAMPLE_LANGUAGES[key];
  const parameters = parametersOf(tool.parameters, values);
  const call = {
    apiUrl: `${location.origin}/v1`,
    model: `${tool.owner}/${tool.name}`,
    parameters: parameters['prompt'] === '' ? { ...parameters, prompt: 'Hello' } : parameters,
    isSigned: project === null || project.authType === 'signature',
    waitSeconds: WAIT_SECONDS,
  };
  const code = language.write(call);
  const files = namesOf(props.files);
  return (
    <div className="card api-sample">
      <h2>
        API Sample: {tool.owner}/{tool.name}
      </h2>
      <WhereTheKeyIs />
      <div>
        <Tabs label="Language" tabs={LANGUAGE_TABS} chosen={key} onChoose={setKey}>
          <p className="fine">
            Save it as {language.fileName} and start it with <code>{language.command}</code>
          </p>
          <Code title={language.fileName} code={code} />
        </Tabs>
      </div>
      {Object.keys(files).length > 0 && (
        <Code title="Run Command - With Files" code={writeFormRun(call, files)} />
      )}
      <Code {...RUN_RESPONSE} />
      {visitor && <Code {...socketSample(visitor.socketUrl)} />}
    </div>
  );
}

function namesOf(files: FormFiles): Record<string, string[]> {
  const chosen = Object.entries(files).filter(([, list]) => list.length > 0);
  return Object.fromEntries(chosen.map(([id, list]) => [id, list.map(({ name }) => name)]));
}

function Code({ title, code }: { title: string; code: string }) {
  return (
    <section className="code">
      <div className="code-head">
        <h3>{title}</h3>
        <CopyButton key={code} text={code} />
      </div>
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
    </section>
  );
}

function WhereTheKeyIs() {
  const { visitor } = useSession();
  if (!visitor) {
    return (
      <p>
        You don't have any projects yet. To be able to use our api service effectively, please{' '}
        <Link href={`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`}>
          sign in
        </Link>{' '}
        and use a project's key.
      </p>
    );
  }
  const project = visitor.projects[0];
  if (project === undefined) {
    return <p>You don't have any projects yet. Ask the operator of this server for one.</p>;
  }
  return (
    <p>
      These samples use the project <strong>{project.name}</strong>, whose key ends in{' '}
      <code>{project.keyHint}</code>. The key{' '}
      {project.authType === 'signature' ? 'and its secret were' : 'was'} shown once, when the
      project was created; the server cannot show {project.authType === 'signature' ? 'them' : 'it'}{' '}
      again. In a development setup they are printed in the terminal and written to{' '}
      <code>.runfleet/dev.json</code>.
    </p>
  );
}
