import { execFileSync } from 'node:child_process';

const TOOL = 'nvidia-smi';
const TIMEOUT_MS = 5_000;

/** Bytes that NVIDIA's tool calls free on the first card; undefined where there is no such tool. */
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
    // Another maker's card, or none: the caller knows what to assume then.
    return undefined;
  }
}
