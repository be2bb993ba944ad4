import {
  answerContent,
  type AnswerEnd,
  INITIAL_STATUS,
  type RunCalls,
  runCalls,
  type Refusal,
  type SyncOutput,
  type SyncStart,
  TASK_LIFE,
  type TaskAnswer,
  type TaskEvent,
  type TaskStatus,
} from '@runfleet/protocol';
import { Signal } from '@runfleet/service';
import type { CreatedTask } from '@runfleet/tasks';

import type { TaskWait, WaitEnd } from './task-waits.ts';

export type StartedRun = CreatedTask & { organisationId: string; wait: TaskWait };

/** Each output has the whole text so far, so a frame for each token would grow with its square. */
const OUTPUT_INTERVAL_MS = 200;
const KEEP_ALIVE_MS = 15_000;
const KEEP_ALIVE = ': keep-alive\n\n';

/**
 * A run as server-sent events: `start`, `task_output` with the whole text so far, and `done` with the
 * task. `error` comes in place of `done` if the wait ends before the task. The client's pace decides how
 * many outputs it gets, so that a slow one costs no memory.
 */
export function streamAnswer(
  run: StartedRun,
  answers: {
    readAnswer: () => Promise<TaskAnswer>;
    cutShort: (end: Exclude<WaitEnd, 'ended'>) => Refusal;
    /** Called with the size of each part. */
    onBytes: (sizeBytes: number) => void;
  },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const events = eventsOf(run, answers);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await events.next();
        if (done) return controller.close();
        const part = encoder.encode(value);
        answers.onBytes(part.length);
        controller.enqueue(part);
      },
      async cancel() {
        run.wait.end('left');
        await events.return(undefined);
        // `return` skips the generator's own disposal if nothing was read.
        run.wait[Symbol.dispose]();
      },
    },
    { highWaterMark: 0 },
  );
}

async function* eventsOf(
  run: StartedRun,
  answers: Parameters<typeof streamAnswer>[1],
): AsyncGenerator<string, void, undefined> {
  using wait = run.wait;
  const answer = new AnswerSoFar();
  const changed = new Signal();
  let end: WaitEnd | null = null;
  let failure: unknown = null;
  const reading = wait
    .untilEndWith(run.id, ({ events, isLive }) => {
      for (const event of events) answer.add(event);
      if (isLive) changed.raise();
    })
    .then((reason) => (end = reason))
    .catch((error: unknown) => (failure = error))
    .finally(() => changed.raise());
  if (run.isRepeat) await changed.wait(KEEP_ALIVE_MS);
  yield eventOf('start', {
    id: run.id,
    status: answer.status,
    taskid: run.id,
    socketaccesstoken: run.token,
  } satisfies SyncStart);

  let sentAt = performance.now();
  let outputAt = -OUTPUT_INTERVAL_MS;
  try {
    for (;;) {
      const isOver = end !== null || failure !== null;
      const dueInMs = isOver ? 0 : outputAt + OUTPUT_INTERVAL_MS - performance.now();
      if (answer.hasNews && dueInMs <= 0) {
        sentAt = performance.now();
        outputAt = sentAt;
        yield eventOf('task_output', answer.read(run.id));
      } else if (isOver) {
        break;
      } else {
        await changed.wait(answer.hasNews ? Math.ceil(dueInMs) : KEEP_ALIVE_MS);
        const isSilent = performance.now() - sentAt >= KEEP_ALIVE_MS && !answer.hasNews;
        if (isSilent && end === null) {
          sentAt = performance.now();
          yield KEEP_ALIVE;
        }
      }
    }
  } finally {
    wait.end('left');
    await reading;
  }
  if (failure !== null) throw failure as Error;
  if (end === 'ended') yield eventOf('done', await answers.readAnswer());
  else if (end !== null) yield eventOf('error', answers.cutShort(end));
}

/** The status and the text of a task, from its events. A requeue resets the text. */
class AnswerSoFar {
  status: TaskStatus = INITIAL_STATUS;
  #text = '';
  #calls: RunCalls | null = null;
  #end: AnswerEnd | null = null;
  hasNews = false;

  add(event: TaskEvent): void {
    if (event.type in TASK_LIFE) this.status = event.type as TaskStatus;
    if (event.type === 'task_queue') this.#forget();
    if (event.type !== 'task_output') return;
    const { raw, calls, end } = event.payload;
    this.#text += raw;
    this.#calls = runCalls(calls, event.taskId);
    this.#end = end ?? null;
    this.hasNews = true;
  }

  #forget(): void {
    this.#text = '';
    this.#calls = null;
    this.#end = null;
    this.hasNews = false;
  }

  read(id: string): SyncOutput {
    this.hasNews = false;
    const { segments } = answerContent(this.#text, this.#end, this.#calls);
    return { id, status: 'task_output', pexit: null, segments, ...this.#end };
  }
}

function eventOf(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
