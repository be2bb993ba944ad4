import { once } from 'node:events';
import { createServer } from 'node:net';

import { apiConfig } from '@runfleet/api';
import { brokerConfig } from '@runfleet/broker';
import { gatewayConfig } from '@runfleet/gateway';
import { listSettings } from '@runfleet/service';
import { workerConfig } from '@runfleet/worker';

import { answersAsRunfleet } from '../answers-as-runfleet.ts';
import { type Check, type Finding, ok, problem, reasonOf, skipped } from '../check.ts';
import type { DoctorSettings } from '../doctor-settings.ts';

const SCHEMAS = {
  api: apiConfig,
  gateway: gatewayConfig,
  broker: brokerConfig,
  worker: workerConfig,
} as const;
type Role = keyof typeof SCHEMAS;

/** Checks that a role can listen on its port, or already does. */
export function portCheck(role: Role): Check {
  return async ({ settings }) => {
    const place = placeOf(role, settings);
    if (place === null) return skipped('`npm start` uses any free port');
    if (!Number.isInteger(place.port)) return skipped('its setting is not a number');
    if (place.port === 0) return skipped('0 means any free port');
    return judgePort(place, settingOf(role, 'PORT'));
  };
}

async function judgePort(
  { host, port }: { host: string; port: number },
  setting: string,
): Promise<Finding> {
  const where = `${host}:${port}`;
  if (await answersAsRunfleet(loopbackOf(host), port)) return ok(`Runfleet answers on ${where}`);
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return ok(`${where} is free`);
  } catch (error) {
    const { code } = Object(error) as { code?: unknown };
    return code === 'EADDRINUSE'
      ? problem(`${where} is taken by another program`, `Stop that program, or set ${setting}.`)
      : problem(
          `${where}: ${reasonOf(error)}`,
          `Set ${setting} to a port that this user may listen on.`,
        );
  } finally {
    server.close();
  }
}

function placeOf(role: Role, settings: DoctorSettings): { host: string; port: number } | null {
  if (settings.dev) {
    if (role !== 'api' && role !== 'gateway') return null;
    const url = new URL(role === 'api' ? settings.dev.apiUrl : settings.dev.socketUrl);
    return { host: url.hostname, port: Number(url.port) };
  }
  const read = (name: string) => {
    const given = settings.environment[name];
    if (given !== undefined && given !== '') return given;
    const known = listSettings(SCHEMAS[role]).find((setting) => setting.name === name);
    return known?.defaultValue ?? '';
  };
  return { host: read(settingOf(role, 'HOST')), port: Number(read(settingOf(role, 'PORT'))) };
}

const settingOf = (role: Role, what: 'HOST' | 'PORT') => `${role.toUpperCase()}_${what}`;

/** A server that listens on every address also answers on the loopback. */
function loopbackOf(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}
