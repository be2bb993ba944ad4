import { CopyButton } from '../../components/copy-button.tsx';

const LONG_LETTERS = 80;

/** The body of a Run as it was sent. */
export function Parameters(props: { parameters: Readonly<Record<string, unknown>> }) {
  const entries = Object.entries(props.parameters);
  if (entries.length === 0) return <p className="muted">The inputs of this task were deleted.</p>;
  return (
    <dl className="parameters">
      {entries.map(([name, value]) => {
        const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
        const isLong = text.length > LONG_LETTERS || text.includes('\n');
        return (
          <div key={name} className={isLong ? 'parameter parameter-long' : 'parameter'}>
            <dt>
              <code>{name}</code>
              {isLong && <CopyButton text={text} />}
            </dt>
            <dd>{isLong ? <pre className="raw">{text}</pre> : text || <em>empty</em>}</dd>
          </div>
        );
      })}
    </dl>
  );
}
