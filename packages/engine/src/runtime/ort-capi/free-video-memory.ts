import { execFileSync } from 'node:child_process';

const TOOL = 'nvidia-smi';
const TIMEOUT_MS = 5_000;

/** Free bytes on the first card, from NVIDIA's tool; undefined if there is no such tool. */
export function readFreeVideoMemory(): number | undefined {
  try {
    const query = ['--query-gpu=memory.free', '--format=csv,noheader,nounits'];
    const mebibytes = execFileSync(TOOL, query, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: TIMEOUT_MS,
    });
    const free = Number.parseInt(mebibytes, 10);
    return Number.isNaN(free) ? undefined : free * 2 ** 20;
  } catch {
    // A card of another vendor, or none; the caller has a default.
    return undefined;
  }
}
