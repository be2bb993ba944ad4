import { type FormEvent, type KeyboardEvent, useEffect, useRef } from 'react';

import type { ParameterGroup, Tool } from '../../api/tool.ts';
import { Link } from '../../router.tsx';
import { FileField, type FormFiles } from './file-field.tsx';
import { defaultsOf, fillFrom, type FormValues, isChanged } from './form-values.ts';
import { ParameterField } from './parameter-field.tsx';

const EXAMPLE_LETTERS = 60;

/** The input form of a run, from the model's parameters. */
export function PromptForm(props: {
  tool: Tool;
  values: FormValues;
  mistakes: Readonly<Record<string, string>>;
  isSignedIn: boolean;
  isStarting: boolean;
  files: FormFiles;
  /** The share of the files that was sent, while they are sent. */
  sent: number | null;
  onChange: (values: FormValues) => void;
  onFiles: (files: FormFiles) => void;
  onRun: () => void;
}) {
  const { tool } = props;
  const main = tool.parameters.filter((group) => group.items.some((item) => item.required));
  const more = tool.parameters.filter((group) => !main.includes(group));

  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.onRun();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && props.isSignedIn) {
      event.preventDefault();
      props.onRun();
    }
  };
  return (
    <form className="card prompt-form" noValidate onSubmit={submit} onKeyDown={onKeyDown}>
      {main.map((group) => (
        <Fields key={group.title} group={group} {...props} />
      ))}
      <Examples {...props} />
      {more.length > 0 && <MoreSettings {...props} groups={more} />}
      <p className="price">
        Your request will cost {tool.price}.{' '}
        <span className="muted">(Total cost varies with what the request uses.)</span>
      </p>
      <div className="form-actions">
        {props.isSignedIn ? (
          <button type="submit" className="button-main" disabled={props.isStarting}>
            {props.isStarting ? 'Starting…' : 'Run'}
            <kbd aria-hidden="true">Ctrl ↵</kbd>
          </button>
        ) : (
          <Link
            href={`/sign-in?next=${encodeURIComponent(location.pathname)}`}
            className="button button-main"
          >
            Sign in to run
          </Link>
        )}
      </div>
    </form>
  );
}

type FieldsProps = {
  values: FormValues;
  files: FormFiles;
  sent: number | null;
  mistakes: Readonly<Record<string, string>>;
  onChange: (values: FormValues) => void;
  onFiles: (files: FormFiles) => void;
};

function Fields(props: FieldsProps & { group: ParameterGroup }) {
  return (
    <fieldset className="fields">
      <legend className="unseen">{props.group.title}</legend>
      {props.group.items.map((item) => {
        const mistake = props.mistakes[item.id] ?? null;
        return item.type === 'fileinput' ? (
          <FileField
            key={item.id}
            item={item}
            files={props.files[item.id] ?? []}
            sent={props.sent}
            mistake={mistake}
            onChange={(files) => props.onFiles({ ...props.files, [item.id]: files })}
          />
        ) : (
          <ParameterField
            key={item.id}
            item={item}
            value={props.values[item.id] ?? ''}
            mistake={mistake}
            onChange={(value) => props.onChange({ ...props.values, [item.id]: value })}
          />
        );
      })}
    </fieldset>
  );
}

function MoreSettings(props: FieldsProps & { groups: readonly ParameterGroup[] }) {
  const items = props.groups.flatMap((group) => group.items);
  const changed = items.filter((item) => isChanged(item, props.values)).length;
  const hasMistake = items.some((item) => props.mistakes[item.id] !== undefined);

  // A mistake opens it once. Only the reader closes it again, so that a field never vanishes while its
  // value is typed.
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (hasMistake && details.current !== null) details.current.open = true;
  }, [hasMistake, props.mistakes]);
  return (
    <details className="more" ref={details}>
      <summary>
        Advanced settings
        {changed > 0 && <span className="chip">{changed} changed</span>}
      </summary>
      <div className="more-fields">
        {props.groups.map((group) => (
          <Fields key={group.title} {...props} group={group} />
        ))}
      </div>
      {changed > 0 && (
        <button
          type="button"
          className="quiet"
          onClick={() => props.onChange({ ...props.values, ...defaultsOf(props.groups) })}
        >
          Reset to defaults
        </button>
      )}
    </details>
  );
}

function Examples(props: { tool: Tool; onChange: (values: FormValues) => void }) {
  const { inspire, parameters } = props.tool;
  if (inspire.length === 0) return null;
  return (
    <div className="examples" role="group" aria-label="Examples">
      <span className="muted">Try</span>
      {inspire.map((example) => {
        const text = example['prompt'] ?? Object.values(example)[0] ?? '';
        return (
          <button
            key={text}
            type="button"
            className="chip-button"
            title={text}
            onClick={() => props.onChange(fillFrom(parameters, example))}
          >
            {text.length > EXAMPLE_LETTERS ? `${text.slice(0, EXAMPLE_LETTERS)}…` : text}
          </button>
        );
      })}
    </div>
  );
}
