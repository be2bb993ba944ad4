/** Section 1 of the wire of August 2026: Run, and Run that waits, against real processes. */
import { eventually } from '@runfleet/testing';
import { describe, expect, test } from 'vitest';

import { MODEL } from '../fleet.ts';
import { eventsIn, post, sharedFleet } from './contract-fleet.ts';

const WAIT_SECONDS = 2;
const shared = sharedFleet({
  env: { ECHO_TOKEN_DELAY_MS: '10', API_WAIT_SECONDS: String(WAIT_SECONDS) },
});
const SYNC = `Run/${MODEL}/sync`;
/** No worker has this label, so that the task waits in the queue. */
const NOWHERE = { 'x-runfleet-requires': 'zone=nowhere' };

describe('Run and Run/.../sync refuse the same with the same envelope', () => {
  const required = 'Request parameter [prompt] required';
  test.for<
    [name: string, path: string, body: unknown, status: number, code: number, message: string]
  >([
    ['no prompt', MODEL, {}, 200, 0, required],
    ['an empty prompt', MODEL, { prompt: '' }, 200, 0, required],
    [
      'no text',
      MODEL,
      { prompt: 'a', temperature: 'x' },
      200,
      0,
      '[temperature] must be integer or float',
    ],
    ['too much', MODEL, { prompt: 'a', top_p: 2 }, 200, 0, '[top_p] must be between 0 and 1'],
    ['an unknown parameter', MODEL, { prompt: 'a', colour: 'red' }, 200, 0, '[colour]'],
    ['a long session', MODEL, { prompt: 'a', session_id: 'é'.repeat(129) }, 200, 0, '[session_id]'],
    [
      'prompt beside messages',
      MODEL,
      { prompt: 'a', messages: [{ role: 'user', content: 'b' }] },
      200,
      0,
      '[prompt] cannot be combined',
    ],
    ['no JSON', MODEL, '{"prompt"', 200, 0, 'JSON'],
    ['an unknown model', 'microsoft/none', { prompt: 'a' }, 200, 1, 'slug-owner-project-not-exist'],
    ["another's project", MODEL, { prompt: 'a', projectid: '999' }, 200, 0, '[projectid]'],
    ['a body over 1 MB', MODEL, { prompt: 'x'.repeat(1_000_001) }, 413, 0, 'larger than'],
  ])('%s', async ([, model, body, status, code, message]) => {
    for (const path of [`Run/${model}`, `Run/${model}/sync`, `Run/${model}/sync?stream=true`]) {
      const reply = await post(shared.fleet, path, { body });
      expect({ path, status: reply.status, body: reply.body }).toEqual({
        path,
        status,
        body: { errors: [{ code, message: expect.stringContaining(message) }], result: false },
      });
    }
  });

  test.for([
    ['GET', 404],
    ['PUT', 404],
  ] as const)('%s', async ([method, status]) => {
    for (const path of [`Run/${MODEL}`, SYNC]) {
      const response = await fetch(`${shared.fleet.apiUrl()}/${path}`, { method });
      expect(response.status).toBe(status);
      await expect(response.json()).resolves.toMatchObject({ result: false });
    }
  });

  test('a balance that is too small', async () => {
    const { apiKey, apiSecret } = await shared.fleet.createKey('0.1');
    const headers = { authorization: `Bearer ${apiKey}:${apiSecret}` };
    for (const path of [`Run/${MODEL}`, SYNC, `${SYNC}?stream=true`]) {
      const { body } = await post(shared.fleet, path, { body: { prompt: 'a' }, headers });
      expect(body).toMatchObject({ errors: [{ code: 97 }], result: false });
    }
  });
});

describe('Run/.../sync', () => {
  test('answers as Task/Detail does, and ignores case and punctuation of its path', async () => {
    for (const path of [SYNC, 'run/Microsoft/phi-3-5-mini-instruct/SYNC']) {
      const { status, text, body } = await post(shared.fleet, path, { body: { prompt: 'a b c' } });
      const [task] = body.tasklist ?? [];
      const detail = await post(shared.fleet, 'Task/Detail', { body: { taskid: task?.['id'] } });
      expect([status, text]).toEqual([200, detail.text]);
      expect(task).toMatchObject({
        status: 'task_postprocess_end',
        pexit: '0',
        debugoutput: 'a b c',
      });
    }
  });

  test.for([
    ['?stream=true', {}],
    ['', { accept: 'text/event-stream' }],
  ] as const)('streams named events: sync%s %o', async ([query, headers]) => {
    const answer = await post(shared.fleet, `${SYNC}${query}`, {
      body: { prompt: 'one two three four five six' },
      headers: {
        authorization: `Bearer ${shared.fleet.key.apiKey}:${shared.fleet.key.apiSecret}`,
        ...headers,
      },
    });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    expect(answer.text).not.toContain('[DONE]');
    const events = eventsIn(answer.text);
    const [start] = events;
    expect(start).toEqual({
      event: 'start',
      data: {
        id: start?.data['taskid'],
        status: 'task_queue',
        taskid: expect.stringMatching(/^\d+$/),
        socketaccesstoken: expect.stringMatching(/^[A-Za-z0-9]{30}$/),
      },
    });
    const outputs = events.slice(1, -1);
    expect(outputs.length).toBeGreaterThan(0);
    for (const { event, data } of outputs) {
      expect({ event, data }).toMatchObject({
        event: 'task_output',
        data: { id: start?.data['id'], status: 'task_output', pexit: null },
      });
      const [segment] = data['segments'] as { type: string; text: string }[];
      expect(segment?.type).toBe('answer');
      expect('one two three four five six').toContain(segment?.text);
    }
    const detail = await post(shared.fleet, 'Task/Detail', { body: { taskid: start?.data['id'] } });
    expect(events.at(-1)).toEqual({ event: 'done', data: detail.body });
  });

  test('joins the task of its key; another body under the key is refused', async () => {
    const headers = { 'idempotency-key': 'section-1' };
    const run = await post(shared.fleet, `Run/${MODEL}`, { body: { prompt: 'a b' }, headers });
    const repeats = await Promise.all(
      [SYNC, SYNC, `${SYNC}?stream=true`].map((path) =>
        post(shared.fleet, path, { body: { prompt: 'a b' }, headers }),
      ),
    );
    const ids = repeats.map(({ text, body }) =>
      body.tasklist === undefined ? eventsIn(text)[0]?.data['taskid'] : body.tasklist[0]?.['id'],
    );
    expect(ids).toEqual([run.body.taskid, run.body.taskid, run.body.taskid]);
    const other = await post(shared.fleet, SYNC, { body: { prompt: 'other' }, headers });
    expect([other.status, other.body.errors?.[0]?.code]).toEqual([409, 95]);
  });

  test('answers 504 with the task after the longest wait, and the task stays queued', async () => {
    const { status, body } = await post(shared.fleet, SYNC, {
      body: { prompt: 'a' },
      headers: NOWHERE,
    });
    expect({ status, body }).toEqual({
      status: 504,
      body: {
        errors: [{ code: 0, message: expect.stringContaining('Idempotency-Key') }],
        taskid: expect.stringMatching(/^\d+$/),
        socketaccesstoken: expect.stringMatching(/^[A-Za-z0-9]{30}$/),
        result: false,
      },
    });
    const detail = await post(shared.fleet, 'Task/Detail', { body: { taskid: body.taskid } });
    expect(detail.body.tasklist?.[0]).toMatchObject({ status: 'task_queue' });
    await post(shared.fleet, 'Task/Kill', { body: { taskid: body.taskid } });
  });

  test('goes on as a task when its client leaves', async () => {
    const { fleet } = shared;
    const leaving = new AbortController();
    const answer = fetch(`${fleet.apiUrl()}/${SYNC}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${fleet.key.apiKey}:${fleet.key.apiSecret}`,
        'idempotency-key': 'leaves',
      },
      body: JSON.stringify({ prompt: 'a '.repeat(40) }),
      signal: leaving.signal,
    });
    const id = await eventually(async () => {
      const [task] = await fleet.db.sql<{ id: string }[]>`
        select task_id as id from idempotency_keys where key = 'leaves'`;
      if (!task) throw new Error('There is no task yet.');
      return task.id;
    });
    leaving.abort();
    await expect(answer).rejects.toThrow('aborted');
    await eventually(async () => {
      const { body } = await post(fleet, 'Task/Detail', { body: { taskid: id } });
      expect(body.tasklist?.[0]).toMatchObject({ status: 'task_postprocess_end', pexit: '0' });
    });
  });
});

describe('a form', () => {
  const aForm = (parts: readonly (readonly [string, string | File])[]) => {
    const form = new FormData();
    for (const [name, value] of parts) form.append(name, value);
    return form;
  };
  const parts = [
    ['prompt', 'When does the last boat leave?'],
    ['temperature', '0'],
    ['inputFileUrl', ''],
    ['inputFile', new File(['High at six.'], 'tides.md')],
    ['inputFile', new File(['\uFEFFboat;leaves\r\nlast;ten\r\n'], 'boats.csv')],
  ] as const;
  const READ =
    '# tides.md High at six. # boats.csv boat;leaves last;ten --- When does the last boat leave?';

  test('gives the model its files before the prompt, and their words count', async () => {
    const { status, body } = await post(shared.fleet, SYNC, { body: aForm(parts) });
    expect({ status, errors: body.errors }).toEqual({ status: 200, errors: [] });
    const [task] = body.tasklist ?? [];
    expect(String(task?.['debugoutput']).split(/\s+/u).join(' ')).toBe(READ);
    expect(task).toMatchObject({
      parameters: { inputFile: ['tides.md', 'boats.csv'] },
      outputs: [
        {
          content: {
            prompt: 'When does the last boat leave?',
            usage: { input_tokens: READ.split(' ').length },
          },
        },
        {},
      ],
    });
  });

  test('with the same key and files is the same task', async () => {
    const headers = { 'idempotency-key': 'form-1' };
    const send = () => post(shared.fleet, `Run/${MODEL}`, { body: aForm(parts), headers });
    const first = await send();
    expect((await send()).body).toEqual(first.body);
    const other = aForm([...parts, ['inputFile', new File(['x'], 'x.txt')]]);
    const { status } = await post(shared.fleet, `Run/${MODEL}`, { body: other, headers });
    expect(status).toBe(409);
  });

  test.for([
    ['prompt', 'a.txt', 'text', '[prompt] is a file, and takes none. Send files in [inputFile].'],
    ['inputImage', 'a.png', 'text', '[inputImage] is a file, and takes none.'],
    ['inputFile', 'a.pdf', '%PDF-1.7', '[inputFile] is refused: a.pdf is not a readable PDF.'],
    ['inputFile', 'a.txt', 'a\0b', '[inputFile] is refused: a.txt has NUL characters'],
  ] as const)('refuses a file under %s: %s', async ([name, fileName, content, message]) => {
    for (const path of [`Run/${MODEL}`, SYNC, `${SYNC}?stream=true`]) {
      const body = aForm([
        ['prompt', 'a'],
        [name, new File([content], fileName)],
      ]);
      const reply = await post(shared.fleet, path, { body });
      expect({ path, status: reply.status, body: reply.body }).toEqual({
        path,
        status: 200,
        body: { errors: [{ code: 0, message: expect.stringContaining(message) }], result: false },
      });
    }
  });
});
