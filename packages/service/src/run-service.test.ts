import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const HERE = JSON.stringify(new URL('./index.ts', import.meta.url).href);

/**
 * Starts a process whose service is `body`: an object literal with `start` and optionally
 * `graceMs`.
 */
function runProcess(body: string) {
  const source = `
    import { createLogger, runService } from ${HERE};
    const idle = setInterval(() => {}, 1000);
    const say = (line) => process.stdout.write(line + '\\n');
    const stopped = async () => { clearInterval(idle); say('disposed'); };
    const logger = createLogger({ role: 'test', level: 'info' });
    await runService({ role: 'test', logger, ...${body} })
      .then(() => say('resolved'), () => say('rejected'));
  `;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', source],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const running = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('is running')) resolve();
    });
  });
  const output = text(child.stdout);
  const exit = once(child, 'exit');
  return {
    running,
    kill: (signal: NodeJS.Signals) => void child.kill(signal),
    async ended() {
      const [code] = await exit;
      return { code: code as number | null, output: await output };
    },
  };
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s aborts the signal, disposes the service and exits with 0',
  async (signal) => {
    const service = runProcess(`{
      start: async (signal) => {
        signal.addEventListener('abort', () => say('aborted'));
        return { [Symbol.asyncDispose]: stopped };
      },
    }`);
    await service.running;
    service.kill(signal);

    const { code, output } = await service.ended();
    const said = output.split('\n').filter((line) => /^\w+$/.test(line));
    expect({ code, said }).toEqual({ code: 0, said: ['aborted', 'disposed', 'resolved'] });
  },
);

test('a stop that takes longer than its grace exits with 1', async () => {
  const service = runProcess(`{
    graceMs: 50,
    start: async () => ({ [Symbol.asyncDispose]: () => new Promise(() => {}) }),
  }`);
  await service.running;
  service.kill('SIGTERM');

  const { code, output } = await service.ended();
  expect(code).toBe(1);
  expect(output).toContain('not stopped within 50 ms');
});

test('a second signal exits at once during a slow stop', async () => {
  const service = runProcess(`{
    start: async () => ({
      [Symbol.asyncDispose]: () => {
        process.kill(process.pid, 'SIGTERM');
        return new Promise(() => {});
      },
    }),
  }`);
  await service.running;
  service.kill('SIGTERM');

  const { code, output } = await service.ended();
  expect(code).toBe(1);
  expect(output).toContain('SIGTERM while stopping');
});

test('an uncaught error is logged, stops the service in order, rejects and exits with 1', async () => {
  const service = runProcess(`{
    start: async () => {
      setImmediate(() => { throw new Error('boom'); });
      return { [Symbol.asyncDispose]: stopped };
    },
  }`);

  const { code, output } = await service.ended();
  expect(code).toBe(1);
  expect(output).toMatch(/uncaught error[\s\S]*disposed\n[\s\S]*rejected\n/);
});

test('prints of libraries and warnings of Node.js become log lines, without their values', async () => {
  const service = runProcess(`{
    start: async () => {
      console.error('# SERVER_ERROR: ', new Error('wires crossed'), 'ada@example.org');
      console.log('params: ada@example.org');
      process.emitWarning('too many listeners');
      setImmediate(() => process.kill(process.pid, 'SIGTERM'));
      return { [Symbol.asyncDispose]: stopped };
    },
  }`);

  const { output } = await service.ended();
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  expect(output).not.toContain('ada@example.org');
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        msg: 'a library wrote to the console',
        method: 'error',
        err: expect.objectContaining({ message: 'wires crossed' }),
      }),
      expect.objectContaining({ msg: 'a library wrote to the console', method: 'log' }),
      expect.objectContaining({ msg: 'Node.js warning' }),
    ]),
  );
});

test('a service that cannot start is logged and exits with 1', async () => {
  const service = runProcess(`{
    start: async () => {
      clearInterval(idle);
      throw new Error('no database');
    },
  }`);

  const { code, output } = await service.ended();
  expect(code).toBe(1);
  expect(output).toMatch(/"message":"no database"[\s\S]*\nrejected\n$/);
});

test('a service that cannot start exits with 1, even if it leaves something open', async () => {
  const service = runProcess(`{
    graceMs: 50,
    start: async () => { throw new Error('no database'); },
  }`);

  const { code, output } = await service.ended();
  expect(code).toBe(1);
  expect(output).toContain('kept alive by what it opened');
});
