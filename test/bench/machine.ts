import { execFileSync } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { arch, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';

import { percentile } from './load/statistics.ts';

export type Machine = {
  cpu: string;
  cores: number;
  memoryGiB: number;
  kernel: string;
  node: string;
  filesystem: string;
  /** Median time of an 8 KiB write with datasync, as a commit needs. */
  syncedWriteMs: number;
};

const WRITES = 100;
const WRITE_BYTES = 8_192;

/** The machine that the results depend on. `folder` is where the servers keep their data. */
export async function describeMachine(folder: string): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()} ${arch()}`,
    node: process.version,
    filesystem: execFileSync('stat', ['-f', '-c', '%T', folder]).toString().trim(),
    syncedWriteMs: await measureSyncedWrite(join(folder, 'write-probe')),
  };
}

async function measureSyncedWrite(path: string): Promise<number> {
  const file = await open(path, 'w');
  const block = Buffer.alloc(WRITE_BYTES, 1);
  const tookMs: number[] = [];
  for (let count = 0; count < WRITES; count += 1) {
    const beganAt = performance.now();
    await file.write(block, 0, WRITE_BYTES, 0);
    await file.datasync();
    tookMs.push(performance.now() - beganAt);
  }
  await file.close();
  await rm(path);
  return percentile(
    tookMs.toSorted((a, b) => a - b),
    0.5,
  );
}
