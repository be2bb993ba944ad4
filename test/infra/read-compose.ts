import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

export type ComposeService = {
  image?: string;
  build?: { context: string; dockerfile: string; target: string };
  command?: string | string[];
  environment?: Record<string, string>;
  healthcheck?: { disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
  ports?: string[];
  volumes?: { type: 'volume' | 'bind'; source: string; target: string }[];
  networks?: string[];
  restart?: string;
};

export type Compose = {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
  networks: Record<string, unknown>;
};

export type Interpolation = {
  readonly name: string;
  readonly operator: string;
  readonly argument: string;
};

/** The compose file with merged anchors and unresolved `${...}`. */
export function readCompose(url: URL): { compose: Compose; interpolations: Interpolation[] } {
  const text = readFileSync(url, 'utf8');
  const used = [...text.matchAll(/\$\{(?<name>\w+)(?<operator>:[?-]|)(?<argument>[^}]*)\}/g)];
  return {
    compose: parse(text, { merge: true }) as Compose,
    interpolations: used.map(({ groups }) => ({
      name: groups?.['name'] ?? '',
      operator: groups?.['operator'] ?? '',
      argument: groups?.['argument'] ?? '',
    })),
  };
}

/** Interpolates `text` like compose, with defaults for missing `values`. */
export function interpolate(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\$\{(\w+)(?::([?-])([^}]*))?\}/g,
    (_, name: string, operator?: string, argument = '') => {
      const value = values[name];
      if (value !== undefined) return value;
      if (operator === '-') return argument;
      throw new Error(`${name} is not set: ${argument}`);
    },
  );
}
