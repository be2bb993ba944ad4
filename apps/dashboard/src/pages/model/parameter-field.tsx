import { useId } from 'react';

import type { Parameter } from '../../api/tool.ts';

const ROWS_OF_THE_MAIN_FIELD = 6;

/** One field of the prompt form, from its description in the catalogue. */
export function ParameterField(props: {
  item: Parameter;
  value: string;
  mistake: string | null;
  onChange: (value: string) => void;
}) {
  const { item, mistake } = props;
  const id = useId();
  return (
    <div className="field" data-parameter={item.id}>
      <label className="field-label" htmlFor={id}>
        {item.label}
        {item.required && (
          <span className="required" title="Required">
            {' '}
            <span aria-hidden="true">*</span>
            <span className="unseen">required</span>
          </span>
        )}
      </label>
      <Control {...props} id={id} describedBy={`${id}-help`} />
      <p className="field-help" id={`${id}-help`}>
        {mistake === null ? helpFor(item) : <strong className="mistake">{mistake}</strong>}
      </p>
    </div>
  );
}

function Control(props: {
  item: Parameter;
  value: string;
  mistake: string | null;
  onChange: (value: string) => void;
  id: string;
  describedBy: string;
}) {
  const { item, value, onChange } = props;
  const shared = {
    id: props.id,
    name: item.id,
    value,
    'aria-describedby': props.describedBy,
    'aria-invalid': props.mistake !== null,
    'aria-required': item.required,
  };
  switch (item.type) {
    case 'textarea':
      return (
        <textarea
          {...shared}
          rows={item.required ? ROWS_OF_THE_MAIN_FIELD : 2}
          placeholder={item.placeholder}
          onChange={(event) => onChange(event.target.value)}
        />
      );
    case 'select':
      return (
        <select {...shared} onChange={(event) => onChange(event.target.value)}>
          {item.options?.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      );
    case 'range':
      return (
        <div className="range">
          <input
            type="range"
            aria-label={`${item.label}, slider`}
            min={item.min}
            max={item.max}
            step={item.step}
            value={value === '' ? item.default : value}
            onChange={(event) => onChange(event.target.value)}
          />
          <NumberInput {...props} shared={shared} />
        </div>
      );
    case 'number':
      return <NumberInput {...props} shared={shared} />;
    case 'text':
    // `FileField` has the files.
    case 'fileinput':
      return (
        <input
          {...shared}
          type="text"
          placeholder={item.placeholder}
          onChange={(event) => onChange(event.target.value)}
        />
      );
  }
}

function NumberInput(props: {
  item: Parameter;
  onChange: (value: string) => void;
  shared: { id: string; name: string; value: string };
}) {
  const { item } = props;
  return (
    <input
      {...props.shared}
      type="number"
      inputMode="decimal"
      min={item.min}
      max={item.max}
      step={item.step === 1 ? 1 : 'any'}
      placeholder={item.placeholder || item.default}
      onChange={(event) => props.onChange(event.target.value)}
    />
  );
}

function helpFor({ description, note }: Parameter): string {
  return [description, note].filter(Boolean).join(' ');
}
