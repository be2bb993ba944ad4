import { signatureOf } from '@runfleet/identity';

import { MODEL } from '../e2e/fleet.ts';
import type { Target } from './abuse.ts';

/** Sent as `x-forwarded-for`, from which the stack takes the caller's address, as behind one proxy. */
export const ABUSER = '198.51.100.7';

const ANSWER_MS = 60_000;

export type Answer = { status: number; text: string; taskId: string | null; token: string | null };

/** One POST to the API, signed by the abusing tenant unless `isSigned` is false. Status 0 means no answer. */
export async function call(
  target: Target,
  path: string,
  body: string,
  options: { isSigned?: boolean; headers?: Record<string, string>; address?: string } = {},
): Promise<Answer> {
  const { isSigned = true, headers = {}, address = ABUSER } = options;
  const nonce = String(Date.now());
  const signed = {
    'x-api-key': target.apiKey,
    'x-nonce': nonce,
    'x-signature': signatureOf({ ...target, nonce }),
  };
  try {
    const answer = await fetch(`${target.apiUrl}/${path}`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': address,
        ...(isSigned ? signed : {}),
        ...headers,
      },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await answer.text();
    return { status: answer.status, text, ...taskOf(text) };
  } catch {
    return { status: 0, text: '', taskId: null, token: null };
  }
}

export function run(
  target: Target,
  parameters: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return call(target, `Run/${MODEL}`, JSON.stringify(parameters), { headers });
}

/** The name under which an answer is counted. */
export function nameOf({ status, text }: Answer): string {
  if (status === 0) return 'no answer';
  return status === 200
    ? text.includes('"result":true')
      ? 'accepted'
      : 'refused'
    : `HTTP ${status}`;
}

function taskOf(text: string): { taskId: string | null; token: string | null } {
  const [, taskId = null] = /"taskid":"(\d+)"/.exec(text) ?? [];
  const [, token = null] = /"socketaccesstoken":"(\w+)"/.exec(text) ?? [];
  return { taskId, token };
}
