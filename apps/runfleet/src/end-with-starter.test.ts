import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { expect, test } from 'vitest';

const MODULE = JSON.stringify(new URL('./end-with-starter.ts', import.meta.url).href);

/** Starts a process that prints a line after `endWithStarter` and runs until it is stopped. */
function start(starter: string, stdio: 'pipe' | 'ignore') {
  const source = `
    import { endWithStarter } from ${MODULE};
    endWithStarter(process.env);
    setTimeout(() => process.exit(), 300_000);
    console.log(process.env.RUNFLEET_STARTER ?? 'ready');`;
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', source],
    {
      env: { ...process.env, RUNFLEET_STARTER: starter },
      stdio: ['pipe', 'pipe', 'inherit', stdio],
    },
  );
  if (child.stdout === null) throw new Error('The process has no pipe for its output.');
  return { child, exit: once(child, 'exit'), ready: once(child.stdout, 'data') };
}

test('a process stops when the pipe to its starter closes, and does not pass the variable on', async () => {
  const { child, exit, ready } = start(`${process.pid}:3`, 'pipe');
  expect(String((await ready)[0])).toBe('ready\n');
  child.stdio[3]?.destroy();
  expect(await exit).toEqual([null, 'SIGTERM']);
});

test.each(['1:3', `${process.pid}`, '', 'x:y'])(
  'a value %j that was meant for another process is ignored',
  async (starter) => {
    const { child, exit, ready } = start(starter, 'ignore');
    expect(String((await ready)[0])).toBe('ready\n');
    child.kill('SIGKILL');
    expect(await exit).toEqual([null, 'SIGKILL']);
  },
);
