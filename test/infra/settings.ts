import { apiConfig } from '@runfleet/api';
import { brokerConfig } from '@runfleet/broker';
import { gatewayConfig } from '@runfleet/gateway';
import { listSettings, type Setting } from '@runfleet/service';
import { workerConfig } from '@runfleet/worker';

export const CONFIGS = {
  api: apiConfig,
  gateway: gatewayConfig,
  broker: brokerConfig,
  worker: workerConfig,
} as const;

export type Role = keyof typeof CONFIGS;
export const ROLES = Object.keys(CONFIGS) as Role[];

type SharedSetting = { readonly name: string; readonly byRole: ReadonlyMap<Role, Setting> };

const NOTE = 'Written from the config schemas of the roles: pnpm vitest run test/infra --update';

/**
 * Every variable that a role reads, once, in the order of the schemas; those of most roles first.
 */
export function listSharedSettings(): SharedSetting[] {
  const found = new Map<string, Map<Role, Setting>>();
  for (const role of ROLES) {
    for (const setting of listSettings(CONFIGS[role])) {
      found.set(setting.name, (found.get(setting.name) ?? new Map()).set(role, setting));
    }
  }
  return [...found]
    .map(([name, byRole]) => ({ name, byRole }))
    .sort((a, b) => b.byRole.size - a.byRole.size);
}

/** `.env.example`: all variables empty, which leaves each setting at its default. */
export function renderEnvExample(): string {
  const entries = listSharedSettings().map((setting) =>
    [
      ...descriptionsOf(setting).map((text) => `# ${text}`),
      `# ${needOf(setting)}`,
      `${setting.name}=`,
      '',
    ].join('\n'),
  );
  return [`# ${NOTE}`, '# An empty value leaves the setting at its default.', '', ...entries].join(
    '\n',
  );
}

/** Variables that only the compose file has, and those that it requires. */
const OF_COMPOSE: Readonly<Record<string, string>> = {
  POSTGRES_PASSWORD:
    'Required. Letters and digits, because it is part of a URL: openssl rand -hex 24',
  REDIS_PASSWORD: 'Required. Letters and digits, because it is part of a URL: openssl rand -hex 24',
  MASTER_KEY:
    "Required. Seals the projects' API secrets; without it they are lost. openssl rand -hex 32",
  MODEL_FOLDER:
    'Required. The folder of a published ONNX model on this machine; any folder if ENGINE is echo.',
};

/** `infra/compose.env.example`: the variables `names` of the compose file, required ones first. */
export function renderComposeExample(names: ReadonlySet<string>): string {
  const required = Object.entries(OF_COMPOSE).map(([name, text]) => `# ${text}\n${name}=\n`);
  const optional = listSharedSettings()
    .filter(({ name }) => names.has(name) && !(name in OF_COMPOSE))
    .map((setting) => {
      const texts = [...descriptionsOf(setting), needOf(setting)].map((text) => `# ${text}`);
      return [...texts, `${setting.name}=`, ''].join('\n');
    });
  const head = '# What infra/compose.yaml needs. Copy this file to infra/.env and fill it in.';
  return [head, `# ${NOTE}`, '', ...required, ...optional].join('\n');
}

/** `docs/settings.md`. */
export function renderSettingsPage(): string {
  const rows = listSharedSettings().map((setting) => [
    `\`${setting.name}\``,
    descriptionsOf(setting).join(' '),
    needOf(setting),
  ]);
  return `<!-- ${NOTE} -->

# Settings

Environment variables of the roles. An empty one counts as not set. \`NAME_FILE\` may name a file with
the value of \`NAME\`, for mounted secrets.

${renderTable(['variable', 'meaning', 'need'], rows)}
`;
}

/** A Markdown table in the formatter's style: every column as wide as its widest cell. */
function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => ''), ...rows].map((cells) =>
    cells.map((cell) => cell.replaceAll('|', String.raw`\|`)),
  );
  const widths = head.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  return lines
    .map((cells, line) =>
      cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, line === 1 ? '-' : ' ')),
    )
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** If roles describe a setting differently, the first description is used. */
function descriptionsOf({ byRole }: SharedSetting): string[] {
  const [first] = byRole.values();
  const text = first?.description ?? '';
  return [text.endsWith('.') ? text : `${text}.`];
}

function needOf({ byRole }: SharedSetting): string {
  const needs = new Map<string, Role[]>();
  for (const [role, setting] of byRole) {
    const need = needOfRole(setting);
    needs.set(need, [...(needs.get(need) ?? []), role]);
  }
  return [...needs].map(([need, roles]) => `${need} ${roles.join(', ')}.`).join(' ');
}

function needOfRole({ isRequired, defaultValue }: Setting): string {
  if (isRequired) return 'Required by';
  const hasDefault = defaultValue !== null && defaultValue !== '';
  return hasDefault ? `Default ${defaultValue} for` : 'Optional for';
}
