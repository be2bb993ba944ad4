import { parseArgs } from 'node:util';

import { FULL_PLAN, type Plan, SHORT_PLAN } from './plan.ts';

export const PARTS = ['bare', 'runfleet', 'n1', 'n1-batched', 'n2', 'model', 'sync'] as const;
export type Part = (typeof PARTS)[number];

export type Options = {
  plan: Plan;
  parts: readonly Part[];
  jsonFile: string | undefined;
  /** How long each part may wait for a quiet machine. */
  waitSeconds: number;
  /** The folder for CPU profiles of Runfleet's roles; profiling slows them down. */
  profileFolder: string | undefined;
};

const SHORT_PARTS: readonly Part[] = ['bare', 'runfleet', 'n1', 'n2', 'model', 'sync'];

export const USAGE = `pnpm bench [--short] [--only ${PARTS.join(',')}] [--rounds N] [--json FILE] [--profile FOLDER] [--wait SECONDS]
`;

/** Throws if the command line is invalid. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      short: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      json: { type: 'string' },
      profile: { type: 'string' },
      wait: { type: 'string', default: '0' },
    },
  });
  const plan = values.short ? SHORT_PLAN : FULL_PLAN;
  return {
    plan: { ...plan, rounds: readRounds(values.rounds) ?? plan.rounds },
    parts: readParts(values.only) ?? (values.short ? SHORT_PARTS : PARTS),
    jsonFile: values.json,
    profileFolder: values.profile,
    waitSeconds: Number(values.wait),
  };
}

function readRounds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1) return rounds;
  throw new Error(`--rounds ${text} is not a positive whole number.`);
}

function readParts(text: string | undefined): Part[] | undefined {
  return text?.split(',').map((name) => {
    const part = PARTS.find((known) => known === name);
    if (part) return part;
    throw new Error(`--only: there is no part "${name}". The parts are ${PARTS.join(', ')}.`);
  });
}
