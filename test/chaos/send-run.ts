import { RunfleetApiError, RunfleetConnectionError, type RunOptions } from '@runfleet/client';
import { RUN_HEADERS } from '@runfleet/protocol';

import { type Key, MODEL } from '../e2e/fleet.ts';
import type { ChaosFleet } from './chaos-fleet.ts';
import type { Call } from './draw-call.ts';
import { ROLE_COUNTS } from './faults.ts';
import type { ObservedRun } from './observations.ts';

const APIS = ROLE_COUNTS.api;
const TRIES_MAX = 10;
/** A tiny model's answer may never end without a limit. */
const MODEL_TOKENS = '24';

/** Sends a Run as clients should: repeatedly until answered if it has a key, else once. Records all in `run`. */
export async function sendRun(
  fleet: ChaosFleet,
  tenant: Key,
  call: Call,
  run: ObservedRun,
  firstApi: number,
): Promise<void> {
  const { key } = run;
  if (key === null) return sendOnce(fleet, tenant, call, run, firstApi);
  if (!call.isSentTwice) return sendUntilAnswered(fleet, tenant, call, run, { key, firstApi });
  await Promise.all(
    [firstApi, firstApi + 1].map((api) =>
      sendUntilAnswered(fleet, tenant, call, run, { key, firstApi: api }),
    ),
  );
}

async function sendUntilAnswered(
  fleet: ChaosFleet,
  tenant: Key,
  call: Call,
  run: ObservedRun,
  { key, firstApi }: { key: string; firstApi: number },
): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const client = fleet.client({ tenant, api: ((firstApi + tries) % APIS) + 1 });
    const options = { ...optionsOf(call), idempotencyKey: key };
    const isAnswered = await client.run(MODEL, parametersOf(call, run), options).then(
      (answer) => {
        run.answers.push(answer);
        return true;
      },
      (error: unknown) => noteFailure(run, error),
    );
    if (isAnswered) return;
  }
}

/** A client without a key cannot find out whether an unanswered Run made a task, so it must not repeat it. */
async function sendOnce(
  fleet: ChaosFleet,
  tenant: Key,
  call: Call,
  run: ObservedRun,
  api: number,
): Promise<void> {
  const stop = new AbortController();
  const withoutKey: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.delete(RUN_HEADERS.idempotencyKey);
    try {
      const response = await fetch(input, { ...init, headers });
      const whole = new Response(await response.text(), response);
      if (!response.ok) stop.abort(await refusalOf(whole.clone()));
      return whole;
    } catch (cause) {
      stop.abort(new RunfleetConnectionError('There was no answer.', { cause }));
      throw cause;
    }
  };
  const client = fleet.client({ tenant, api: (api % APIS) + 1, fetch: withoutKey });
  await client
    .run(MODEL, parametersOf(call, run), { ...optionsOf(call), signal: stop.signal })
    .then(
      (answer) => void run.answers.push(answer),
      (error: unknown) => void noteFailure(run, error),
    );
}

/** Returns true for a refusal, which is final. Rethrows all but API errors and lost connections. */
function noteFailure(run: ObservedRun, error: unknown): boolean {
  if (error instanceof RunfleetApiError) {
    const { status, code, message } = error;
    run.refusals.push({ status, code, message });
    return status < 500;
  }
  if (!(error instanceof RunfleetConnectionError)) throw error;
  run.unanswered += 1;
  return false;
}

async function refusalOf(response: Response): Promise<RunfleetApiError> {
  const about = { status: response.status, requestId: null };
  return new RunfleetApiError(await response.text(), { code: -1, ...about });
}

function parametersOf({ engine, timeoutSeconds }: Call, { name, prompt }: ObservedRun) {
  return {
    prompt,
    user_id: name,
    ...(engine !== 'echo' && { seed: '42', max_tokens: MODEL_TOKENS }),
    ...(timeoutSeconds > 0 && { timeout: timeoutSeconds }),
  };
}

function optionsOf({ engine, startTimeoutSeconds }: Call): RunOptions {
  return { ...(engine !== 'any' && { requires: { engine } }), startTimeoutSeconds };
}
