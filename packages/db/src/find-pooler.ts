import { randomUUID } from 'node:crypto';

import postgres from 'postgres';

import { addressOf } from './address-of.ts';
const CONNECT_SECONDS = 5;
/** A setting that Postgres takes from any client, and that no pooler knows. */
const MARK = 'runfleet.session';
const PROTOCOL_VIOLATION = '08P01';

/**
 * Whether a pooler answers at `url`. A connection carries a mark: Postgres gives it back, a pooler
 * refuses the connection (PgBouncer) or drops the mark. Rejects where nothing lets us in.
 */
export async function findPooler(
  url: string,
  { connectSeconds = CONNECT_SECONDS }: { connectSeconds?: number } = {},
): Promise<boolean> {
  const mark = randomUUID();
  try {
    return (await readMark(url, connectSeconds, { [MARK]: mark })) !== mark;
  } catch (error) {
    if ((error as { code?: unknown }).code !== PROTOCOL_VIOLATION) throw error;
    // Without the mark it rejects with the true reason, unless the mark was the reason.
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
