import { once } from 'node:events';

import { WebSocket } from 'ws';

/** Arrival times of a task's frames, by `performance.now()` of the client. */
export type Followed = { firstOutputAt: number; finishedAt: number };

type Following = {
  token: string;
  firstOutputAt: number;
  errorText: string;
  resolve: (followed: Followed) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
};

const FINISH_MS_MAX = 20_000;

/** One client's socket; it follows one task at a time in delta mode. */
export class TaskSocket implements Disposable {
  readonly #socket: WebSocket;
  #following: Following | null = null;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#take(data.toString()));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('The socket was closed.')));
  }

  static async open(url: string): Promise<TaskSocket> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const opened = new TaskSocket(socket);
    await once(socket, 'open');
    return opened;
  }

  /** Resolves with the task's last frame; rejects if it does not arrive within 20 s. */
  follow(token: string): Promise<Followed> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#end(new Error(`No last frame within ${FINISH_MS_MAX} ms.`)),
        FINISH_MS_MAX,
      );
      this.#following = { token, firstOutputAt: NaN, errorText: '', resolve, reject, timer };
      this.#socket.send(JSON.stringify({ type: 'task_info', tasktoken: token, mode: 'delta' }));
    });
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  #take(text: string): void {
    const following = this.#following;
    const frame = JSON.parse(text) as { type: string; tasktoken?: string; message?: unknown };
    if (frame.type === 'error') this.#end(new Error(`The gateway answered ${text}.`));
    if (!following || frame.tasktoken !== following.token) return;
    if (frame.type === 'task_output' && Number.isNaN(following.firstOutputAt)) {
      following.firstOutputAt = performance.now();
    }
    if (frame.type === 'task_error_full') following.errorText = JSON.stringify(frame.message);
    if (frame.type === 'task_cancel') this.#end(new Error('The task was cancelled.'));
    if (frame.type !== 'task_postprocess_end') return;
    if (!Array.isArray(frame.message) || frame.message.length === 0) {
      this.#end(new Error(`The task ended without an output: ${following.errorText}`));
      return;
    }
    clearTimeout(following.timer);
    this.#following = null;
    following.resolve({ firstOutputAt: following.firstOutputAt, finishedAt: performance.now() });
  }

  #end(error: Error): void {
    if (!this.#following) return;
    clearTimeout(this.#following.timer);
    this.#following.reject(error);
    this.#following = null;
  }
}

/** Opens one socket per user. */
export async function openSockets(
  url: string,
  count: number,
): Promise<Disposable & { of(user: number): TaskSocket }> {
  const sockets = await Promise.all(Array.from({ length: count }, () => TaskSocket.open(url)));
  return {
    of(user) {
      const socket = sockets[user];
      if (!socket) throw new Error(`User ${user} has no socket.`);
      return socket;
    },
    [Symbol.dispose]() {
      for (const socket of sockets) socket[Symbol.dispose]();
    },
  };
}
