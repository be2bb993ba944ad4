/** The values of the prompt form: the text of each field, by parameter id. */
import type { Parameter, ParameterGroup } from '../../api/tool.ts';

export type FormValues = Readonly<Record<string, string>>;

export function defaultsOf(groups: readonly ParameterGroup[]): FormValues {
  return Object.fromEntries(allOf(groups).map((item) => [item.id, item.default]));
}

/**
 * Fills the form from a task's parameters or an example. A parameter without a value has its default, and
 * so has a number out of range, which clients send for "not used".
 */
export function fillFrom(
  groups: readonly ParameterGroup[],
  given: Readonly<Record<string, unknown>>,
): FormValues {
  const filled = allOf(groups).flatMap((item) => {
    const text = textOf(given[item.id]);
    // A page cannot open files again.
    if (text === null || item.type === 'fileinput') return [];
    const isKept = item.required || mistakeIn(item, text) === null;
    return isKept ? [[item.id, text] as const] : [];
  });
  return { ...defaultsOf(groups), ...Object.fromEntries(filled) };
}

/** Lists and objects, such as tools, are JSON in their field. */
function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

/**
 * A Run's body: required and changed parameters only, so that a later change of a default applies.
 */
export function parametersOf(
  groups: readonly ParameterGroup[],
  values: FormValues,
): Record<string, string> {
  const sent = allOf(groups).filter((item) => item.required || isChanged(item, values));
  return Object.fromEntries(sent.map((item) => [item.id, values[item.id] ?? '']));
}

export function isChanged(item: Parameter, values: FormValues): boolean {
  return (values[item.id] ?? '') !== item.default;
}

/** The problem of one value, or null. The server checks it again. */
export function mistakeIn(item: Parameter, value: string): string | null {
  if (value.trim() === '') return item.required ? `${item.label} is required.` : null;
  if (item.type !== 'number' && item.type !== 'range') return null;
  const number = Number(value);
  if (!Number.isFinite(number)) return `${item.label} must be a number.`;
  if (item.step === 1 && !Number.isInteger(number)) return `${item.label} must be a whole number.`;
  const { min = -Infinity, max = Infinity } = item;
  if (number >= min && number <= max) return null;
  return Number.isFinite(max)
    ? `${item.label} must be between ${min} and ${max}.`
    : `${item.label} must be at least ${min}.`;
}

/** The problems of all values, by parameter id. */
export function mistakesIn(
  groups: readonly ParameterGroup[],
  values: FormValues,
): Record<string, string> {
  const isContinued = (values['toolOutputs'] ?? '').trim() !== '';
  const mistakes = allOf(groups).flatMap((item) => {
    // Outputs of tools come instead of a prompt.
    const checked = isContinued ? { ...item, required: false } : item;
    const mistake = mistakeIn(checked, values[item.id] ?? '');
    return mistake === null ? [] : [[item.id, mistake] as const];
  });
  return Object.fromEntries(mistakes);
}

function allOf(groups: readonly ParameterGroup[]): readonly Parameter[] {
  return groups.flatMap((group) => group.items);
}
