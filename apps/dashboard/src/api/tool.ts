import type { WireTool, WireToolParameter } from '@runfleet/client';

/** A model as the pages draw it. */
export type Tool = {
  id: string;
  owner: string;
  name: string;
  description: string;
  /** Markdown. */
  readme: string;
  tags: readonly string[];
  /** Ready-made inputs. */
  inspire: readonly Readonly<Record<string, string>>[];
  parameters: readonly ParameterGroup[];
  /** Dollars per billed second. */
  cps: string;
  /** How long a run takes, in words; empty where nobody knows yet. */
  runTime: string;
  runCount: number;
  /** Unix seconds; 0 where it never ran. */
  lastRunAt: number;
};

export type ParameterGroup = { title: string; items: readonly Parameter[] };

/** `type` is one of those that the page has a field for, or another that it says it cannot draw. */
export type Parameter = {
  id: string;
  type: string;
  label: string;
  default: string;
  required: boolean;
  help: string;
  placeholder: string | undefined;
  options: readonly { label: string; value: string }[];
  min: number | undefined;
  max: number | undefined;
  step: number | undefined;
};

export function toTool(wire: WireTool): Tool {
  return {
    id: wire.id,
    owner: wire.slugowner,
    name: wire.slugproject,
    description: wire.description,
    readme: wire.readme,
    tags: listOf(wire['tags']).filter((tag) => typeof tag === 'string'),
    inspire: listOf(wire['inspire']).filter(isExample),
    parameters: wire.parameters.map(({ title, items }) => ({
      title,
      items: items.map(toParameter),
    })),
    cps: wire.cps,
    runTime: textOf(wire['computingtime']),
    runCount: Number(wire.taskstat.runcount),
    lastRunAt: Number(wire.taskstat.lastruntime) || 0,
  };
}

function toParameter(wire: WireToolParameter): Parameter {
  return {
    id: wire.id,
    type: wire.type,
    label: wire.label,
    default: textOf(wire.default),
    required: wire.required === true,
    help: [wire.description, wire.note].filter(Boolean).join(' '),
    placeholder: wire.placeholder,
    options: (wire.options ?? []).map(({ value, label, text }) => ({
      value,
      label: label ?? text ?? value,
    })),
    min: numberOf(wire.min),
    max: numberOf(wire.max),
    step: numberOf(wire.step),
  };
}

// The wire carries some lists as JSON texts; clients take both.
function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string') return [];
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

function isExample(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

function numberOf(value: number | string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}
