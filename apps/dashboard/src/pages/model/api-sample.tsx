import type { Tool } from '../../api/tool.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Link } from '../../router.tsx';
import { useSession } from '../../session/use-session.ts';
import { curlSample, socketSample } from './curl-sample.ts';
import { type FormValues, parametersOf } from './form-values.ts';

/** The same run from a shell, with this server's address and the form's input. */
export function ApiSample({ tool, values }: { tool: Tool; values: FormValues }) {
  const { visitor } = useSession();
  const project = visitor?.projects[0] ?? null;
  const parameters = parametersOf(tool.parameters, values);
  const samples = curlSample({
    apiUrl: `${location.origin}/v1`,
    owner: tool.owner,
    name: tool.name,
    keyHint: project?.keyHint ?? null,
    isSigned: project === null || project.authType === 'signature',
    parameters: parameters['prompt'] === '' ? { ...parameters, prompt: 'Hello' } : parameters,
  });
  const all = visitor ? [...samples, socketSample(visitor.socketUrl)] : samples;
  return (
    <div className="card api-sample">
      <h2>
        API Sample: {tool.owner}/{tool.name}
      </h2>
      <WhereTheKeyIs />
      {all.map((sample) => (
        <section key={sample.title} className="code">
          <div className="code-head">
            <h3>{sample.title}</h3>
            <CopyButton text={sample.code} />
          </div>
          <pre tabIndex={0}>
            <code>{sample.code}</code>
          </pre>
        </section>
      ))}
    </div>
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
