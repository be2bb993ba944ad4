import type { Price, WireParameterGroup, WireToolParameter } from '@runfleet/protocol';

import type { ChatLimits } from './chat-limits.ts';

/** A model in the catalogue: its description, its parameters and its price. */
export type Model = {
  /** The wire's `modelid`. */
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly description: string;
  /** Markdown. */
  readonly readme: string;
  readonly categories: readonly string[];
  readonly tags: readonly string[];
  /** Counts from 1. */
  readonly version: number;
  readonly price: Price;
  /** Within the operator's. */
  readonly limits: Readonly<Partial<ChatLimits>>;
  /** Other paths under which it is found, as `owner/name`. */
  readonly aliases: readonly string[];
  /** Shared paths on which a parameter of the Run selects it. */
  readonly choices: readonly ModelChoice[];
  /** It takes no Runs any more. */
  readonly isRetired: boolean;
  /** The pool of the workers that serve this model. */
  readonly pool: string;
  readonly parameters: readonly ParameterGroup[];
  readonly samples: readonly string[];
  /** Ready-made inputs for the page's form. */
  readonly inspire: readonly Readonly<Record<string, string>>[];
};

/** On `path`, a Run whose `parameter` is `value` is a Run of this model. */
type ModelChoice = {
  readonly path: string;
  readonly parameter: string;
  readonly value: string;
};

export type ParameterGroup = WireParameterGroup;
export type ParameterItem = WireToolParameter;

/** `microsoft/Phi-3.5-mini-instruct`. */
export function slugOf(model: Model): string {
  return `${model.owner}/${model.name}`;
}

/**
 * A slug in the form in which paths are compared: lower case, each run of other characters is one
 * dash.
 */
export function cleanSlug(segment: string): string {
  return segment.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
