import { RunfleetClient } from '@runfleet/client';

import { Fleet, MODEL } from '../e2e/fleet.ts';
import type { SampleStack } from './sample-laws.ts';

/** A real stack with the echo engine, a project that signs and one that does not. */
export async function startStack(folder: string): Promise<SampleStack & AsyncDisposable> {
  const env = { ECHO_TOKEN_DELAY_MS: '20' };
  const fleet = await Fleet.startWithServers(folder, { env });
  const create = ['project', 'create', '--name', 'samples', '--auth', 'apikey', '--json'];
  const organisation = ['--organisation', fleet.key.organisationId];
  const keyed = JSON.parse(await fleet.command(...create, ...organisation)) as { apiKey: string };
  const urls = { apiUrl: fleet.apiUrl(), socketUrl: fleet.socketUrl() };
  const clients = [fleet.client(), new RunfleetClient({ ...urls, apiKey: keyed.apiKey })];
  return {
    apiUrl: fleet.apiUrl(),
    model: MODEL,
    signed: { apiKey: fleet.key.apiKey, apiSecret: fleet.key.apiSecret },
    keyed: { apiKey: keyed.apiKey },
    detail: async (taskId) => {
      const { status, debugoutput, parameters } = await Promise.any(
        clients.map((client) => client.detail({ taskId })),
      );
      return { status, debugoutput, prompt: parameters['prompt'] };
    },
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  };
}
