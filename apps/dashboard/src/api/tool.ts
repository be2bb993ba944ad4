import {
  describePrice,
  type WireParameterGroup,
  type WireTool,
  type WireToolParameter,
} from '@runfleet/protocol';

export type ParameterGroup = WireParameterGroup;
export type Parameter = WireToolParameter;

/** A model as the pages show it. */
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
  /** A text: `$0.000585 per second`. */
  price: string;
  /** How long a run takes, in words; empty until one has succeeded. */
  runTime: string;
  runCount: number;
  /** Unix seconds; 0 if it never ran. */
  lastRunAt: number;
};

export function toTool(wire: WireTool): Tool {
  return {
    id: wire.id,
    owner: wire.slugowner,
    name: wire.slugproject,
    description: wire.description,
    readme: wire.readme,
    tags: wire.tags,
    inspire: wire.inspire,
    parameters: wire.parameters,
    price: describePrice(wire.price ?? perSecond(wire.cps)),
    // The api rounds up to whole seconds.
    runTime: wire.computingtime === '1 second' ? '1 second or less' : wire.computingtime,
    runCount: wire.taskstat.runcount,
    lastRunAt: Number(wire.taskstat.lastruntime),
  };
}

/** An older api sends only the rate per second. */
const perSecond = (second: string) =>
  ({ version: '', method: 'second', parts: { second } }) as const;
