import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

import type { Answer, Question } from './child.ts';
import type { Mutant } from './find-mutants.ts';
import type { Killer } from './kill-mutant.ts';

/** A mutant that takes longer for one test or one life counts as endless, and so as noticed. */
const TIME_MS_MAX = 30_000;

export type Tried = { mutant: Mutant; killedBy: string | null };

/** Tries each mutant in one of `processes` processes. Throws if the unchanged program fails. */
export async function tryMutants(
  mutants: readonly Mutant[],
  options: {
    processes: number;
    killers: readonly Killer[];
    onTried?: (tried: Tried) => void;
  },
): Promise<Tried[]> {
  const { processes, killers, onTried = () => {} } = options;
  const left = mutants.values();
  const first = await start();
  const broken = await ask(first, { id: 0, killers: ['tests'] });
  first.disconnect();
  if (broken !== null) throw new Error(`Without any mutant: ${broken}`);
  const tried: Tried[] = [];
  await Promise.all(
    Array.from({ length: Math.min(processes, mutants.length) }, async () => {
      let child = await start();
      for (const mutant of left) {
        const killedBy = await ask(child, { id: mutant.id, killers });
        tried.push({ mutant, killedBy });
        onTried({ mutant, killedBy });
        if (killedBy !== null && !isUp(child)) child = await start();
      }
      child.disconnect();
    }),
  );
  return tried.toSorted((a, b) => a.mutant.id - b.mutant.id);
}

async function start(): Promise<ChildProcess> {
  const child = fork(new URL('./child.ts', import.meta.url), {
    execArgv: ['--import', 'tsx', '--max-old-space-size=512'],
    // stderr is ignored: a process that runs out of memory writes a long report there.
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
  });
  await once(child, 'message');
  return child;
}

const isUp = (child: ChildProcess) =>
  child.exitCode === null && child.signalCode === null && !child.killed;

function ask(child: ChildProcess, question: Question): Promise<string | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      done('takes too long');
    }, TIME_MS_MAX);
    const done = (killedBy: string | null) => {
      clearTimeout(timer);
      child.off('message', hear).off('exit', die);
      resolve(killedBy);
    };
    const hear = (answer: Answer) => {
      if (answer === 'progress') timer.refresh();
      else done(answer.killedBy);
    };
    const die = () => done('ends the process');
    child.on('message', hear).on('exit', die);
    child.send(question);
  });
}
