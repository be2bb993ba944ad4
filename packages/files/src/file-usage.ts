import type { Transaction } from '@runfleet/db';
import { RunfleetError } from '@runfleet/protocol';

/** What an organisation may store. */
export type FileQuota = {
  quotaBytes: number;
  /** Files and folders. */
  quotaEntries: number;
};

export type Amount = { sizeBytes: number; entries: number };

/**
 * Locks an organisation's usage. Every change of its trees does this first, so that a check of a quota,
 * of a depth or of a cycle holds until the commit.
 */
export async function lockUsage(tx: Transaction, organisationId: string): Promise<Amount> {
  const [used] = await tx<Amount[]>`
    insert into file_usage (organisation_id) values (${organisationId})
    on conflict (organisation_id) do update set organisation_id = excluded.organisation_id
    returning size_bytes::float8 as "sizeBytes", entries`;
  return used ?? { sizeBytes: 0, entries: 0 };
}

/** Adds to the usage. Throws `file_quota` where the quota has no room. */
export async function takeUsage(
  tx: Transaction,
  organisationId: string,
  { sizeBytes, entries }: Amount,
  { quotaBytes, quotaEntries }: FileQuota,
): Promise<void> {
  const used = await lockUsage(tx, organisationId);
  if (sizeBytes > 0 && used.sizeBytes + sizeBytes > quotaBytes) {
    throw exceeded(`${used.sizeBytes} of ${quotaBytes} bytes are in use`);
  }
  if (entries > 0 && used.entries + entries > quotaEntries) {
    throw exceeded(`${used.entries} of ${quotaEntries} files and folders are in use`);
  }
  await addUsage(tx, organisationId, { sizeBytes, entries });
}

/** The same without a check, for what is given back. */
export async function addUsage(
  tx: Transaction,
  organisationId: string,
  { sizeBytes, entries }: Amount,
): Promise<void> {
  await tx`
    update file_usage set size_bytes = size_bytes + ${sizeBytes}, entries = entries + ${entries}
    where organisation_id = ${organisationId}`;
}

function exceeded(problem: string): RunfleetError {
  return new RunfleetError(
    'file_quota',
    `There is no room for this file: ${problem}. Delete files first.`,
  );
}
