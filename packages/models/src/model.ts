/** One thing that can be run: what it is, what it takes, what it costs. Data, no behaviour. */
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
  readonly priceVersion: string;
  /** Dollars per billed second, at most 8 decimals so that every cost is exact at 12. */
  readonly cps: string;
  /** Workers that serve this model claim from this pool. */
  readonly pool: string;
  readonly parameters: readonly ParameterGroup[];
  readonly samples: readonly string[];
  /** Ready-made inputs for the page's form. */
  readonly inspire: readonly Readonly<Record<string, string>>[];
};

export type ParameterGroup = { readonly title: string; readonly items: readonly ParameterItem[] };

/** A parameter as the wire's catalogue describes it and the page's form draws it. */
export type ParameterItem = {
  readonly id: string;
  readonly type: 'text' | 'textarea' | 'select' | 'range' | 'number';
  readonly label: string;
  readonly description?: string;
  readonly default: string;
  readonly required: boolean;
  readonly placeholder?: string;
  readonly note?: string;
  readonly options?: readonly { readonly label: string; readonly value: string }[];
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
};

/** `microsoft/Phi-3.5-mini-instruct`. */
export function slugOf(model: Model): string {
  return `${model.owner}/${model.name}`;
}

/** A slug in the form that paths compare: lower case, every run of other characters one dash. */
export function cleanSlug(segment: string): string {
  return segment.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
