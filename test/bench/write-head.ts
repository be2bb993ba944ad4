import type { Machine } from './machine.ts';

/** The conditions of a run, as a Markdown list. */
export function writeHead(run: {
  startedAt: string;
  tookSeconds: number;
  machine: Machine;
  versions: { postgres: string; redis: string };
  durability: string;
}): string {
  const { machine, versions, durability, startedAt, tookSeconds } = run;
  const { cpu, cores, memoryGiB, kernel, node, filesystem, syncedWriteMs } = machine;
  return [
    `- date: ${startedAt}, took ${tookSeconds.toFixed(0)} s`,
    `- machine: ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${kernel}; ${filesystem}, synced write of 8 KiB ${syncedWriteMs.toFixed(2)} ms`,
    `- versions: Node ${node}, PostgreSQL ${versions.postgres}, Redis ${versions.redis}`,
    `- servers, shared by all systems: ${durability}`,
  ].join('\n');
}
