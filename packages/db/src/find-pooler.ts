import { randomUUID } from 'node:crypto';

import postgres from 'postgres';

import { addressOf } from './address-of.ts';
import { isProtocolViolation } from './failures.ts';
const CONNECT_SECONDS = 5;
/** A setting that Postgres accepts from any client and that no pooler recognises. */
const MARK = 'runfleet.session';

/**
 * Whether a pooler answers at `url`. The connection sets a mark: Postgres returns it, a pooler
 * refuses the connection (PgBouncer) or drops the mark. Rejects if no connection is possible.
 */
export async function findPooler(
  url: string,
  { connectSeconds = CONNECT_SECONDS }: { connectSeconds?: number } = {},
): Promise<boolean> {
  const mark = randomUUID();
  try {
    return (await readMark(url, connectSeconds, { [MARK]: mark })) !== mark;
  } catch (error) {
    if (!isProtocolViolation(error)) throw error;
    // Without the mark this rejects with the real reason, unless the mark was the reason.
    await readMark(url, connectSeconds, {});
    return true;
  }
}

async function readMark(
  url: string,
  connectSeconds: number,
  connection: Record<string, string>,
): Promise<unknown> {
  const client = postgres(url, {
    ...addressOf(url),
    max: 1,
    prepare: false,
    fetch_types: false,
    connect_timeout: connectSeconds,
    onnotice: () => {},
    connection: { application_name: 'runfleet probe', ...connection },
  });
  try {
    const [row] = await client<{ mark: unknown }[]>`select current_setting(${MARK}, true) as mark`;
    return row?.mark;
  } finally {
    await client.end({ timeout: 1 });
  }
}
