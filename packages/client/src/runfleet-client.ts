import type {
  ConversationAnswer,
  ConversationDeleteAnswer,
  ConversationListAnswer,
  RunAnswer,
  TaskAnswer,
  TaskFrame,
  WireConversation,
  TaskPart,
  WireTask,
  WireTaskSummary,
  WireTool,
  WireTurn,
} from '@runfleet/protocol';

import { type ApiAccess, callApi } from './call-api.ts';
import { RunfleetConnectionError } from './errors.ts';
import { FileCalls } from './file-calls.ts';
import { type FollowOptions, followTask } from './follow-task.ts';
import { repeatUntilAnswered } from './repeat-until-answered.ts';
import { runHeaders, type RunOptions } from './run-options.ts';
import { platformSocketClass, type SocketClass } from './socket-class.ts';

export type ClientOptions = {
  /** The API's base, with its version: `https://fleet.example.com/v1`. */
  apiUrl: string;
  /** The socket's URL; by default `apiUrl` with ws for http. */
  socketUrl?: string | undefined;
  /** Without a key, the browser's session cookie authorises the calls. */
  apiKey?: string | undefined;
  /** If set, every call is signed. */
  apiSecret?: string | undefined;
  /** With a session cookie: the project of the organisation that the calls are for. */
  projectId?: string | undefined;
  /** How long a call waits for its answer; 30 s by default. */
  answerTimeoutMs?: number | undefined;
  fetch?: typeof fetch | undefined;
  /** The class of the `ws` package, for platforms without WebSocket (Node before 22). */
  webSocket?: SocketClass | undefined;
};

/** A task by its id, or by the token from Run. */
export type TaskReference = { taskId: string } | { token: string };

export type TaskPage = {
  start?: number | undefined;
  limit?: number | undefined;
  order?: 'ASC' | 'DESC' | undefined;
  /** Only tasks of this model: `owner/project`, or words of it. */
  model?: string | undefined;
  /** Only tasks in this part of their life. */
  status?: TaskPart | undefined;
  /** Only tasks of this project. */
  project?: string | undefined;
  /** Only tasks that were created at this moment or later, or before this one; in unix seconds. */
  from?: number | undefined;
  to?: number | undefined;
};

export type ConversationPage = {
  start?: number | undefined;
  limit?: number | undefined;
  order?: 'ASC' | 'DESC' | undefined;
};

/** `total` counts every task that matches, listed or not. */
export type ListedTasks<Task = WireTask> = { total: number; tasks: Task[] };

type Cancellable = { signal?: AbortSignal | undefined };
/** Calls without `summary` answer whole models. */
type WholeTools = { tool: WireTool[]; total: number };

const ANSWER_TIMEOUT_MS = 30_000;
/** Longer than a server waits for a task by default. */
const SYNC_TIMEOUT_MS = 41 * 60_000;

export class RunfleetClient {
  /** Uploads, lists and changes the files of the project. */
  readonly files: FileCalls;
  readonly #access: ApiAccess;
  readonly #socketUrl: string;
  readonly #socketClass: SocketClass | undefined;

  constructor(options: ClientOptions) {
    const apiUrl = options.apiUrl.replace(/(?<!\/)\/+$/, '');
    this.#access = {
      apiUrl,
      apiKey: options.apiKey,
      apiSecret: options.apiSecret,
      projectId: options.projectId,
      answerTimeoutMs: options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS,
      // A browser's fetch refuses to be called as a method of something else.
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    };
    this.files = new FileCalls(this.#access);
    this.#socketUrl = options.socketUrl ?? apiUrl.replace(/^http/, 'ws');
    this.#socketClass = options.webSocket ?? platformSocketClass();
  }

  /**
   * Starts a task. `model` is `owner/project`. A call whose answer is lost is repeated with the same
   * idempotency key, so that there is one task and one charge.
   */
  async run(
    model: string,
    parameters: Record<string, unknown>,
    options: RunOptions = {},
  ): Promise<{ taskId: string; token: string }> {
    const answer = await this.#run<RunAnswer>(this.#access, runPath(model), parameters, options);
    return { taskId: answer.taskid, token: answer.socketaccesstoken };
  }

  /**
   * Starts a task and waits for its end. A wait that is cut, as by a restart of the server, is repeated
   * and joins the same task. A failed task does not throw.
   */
  async runSync(
    model: string,
    parameters: Record<string, unknown>,
    options: RunOptions = {},
  ): Promise<WireTask> {
    const path = `${runPath(model)}/sync`;
    const access = { ...this.#access, answerTimeoutMs: SYNC_TIMEOUT_MS };
    const answer = await this.#run<TaskAnswer>(access, path, parameters, options);
    return first(answer.tasklist, path);
  }

  detail(reference: TaskReference, options: Cancellable = {}): Promise<WireTask> {
    return this.#task('Task/Detail', reference, options);
  }

  /** Stops a task that is still in the queue. */
  cancel(reference: TaskReference, options: Cancellable = {}): Promise<WireTask> {
    return this.#task('Task/Cancel', reference, options);
  }

  /** Stops a task in any status that is not terminal. */
  kill(reference: TaskReference, options: Cancellable = {}): Promise<WireTask> {
    return this.#task('Task/Kill', reference, options);
  }

  /** The tasks of the project's organisation, newest first by default. */
  list(page: TaskPage = {}, options: Cancellable = {}): Promise<ListedTasks> {
    return this.#list(page, {}, options);
  }

  /** The same without long texts: the columns of a table. */
  summaries(page: TaskPage = {}, options: Cancellable = {}): Promise<ListedTasks<WireTaskSummary>> {
    return this.#list<WireTaskSummary>(page, { summary: true }, options);
  }

  /** The conversations of the project, newest first by default; only those of a session or a user. */
  async conversations(
    filter: ConversationPage & { sessionId?: string; userId?: string } = {},
    options: Cancellable = {},
  ): Promise<{ total: number; conversations: WireConversation[] }> {
    const { sessionId = '', userId = '', ...page } = filter;
    const body = { ...pageOf(page, 'DESC'), session_id: sessionId, user_id: userId };
    const path = 'Conversation/List';
    const answer = await callApi<ConversationListAnswer>(this.#access, path, body, options);
    return { total: Number(answer.total), conversations: answer.conversationlist };
  }

  /** A conversation and a page of its turns, oldest first by default. `total` counts its tasks. */
  async conversation(
    id: string,
    page: ConversationPage = {},
    options: Cancellable = {},
  ): Promise<{ conversation: WireConversation; turns: WireTurn[]; total: number }> {
    const path = 'Conversation/Detail';
    const body = { conversationid: id, ...pageOf(page, 'ASC') };
    const answer = await callApi<ConversationAnswer>(this.#access, path, body, options);
    const conversation = first(answer.conversationlist, path);
    return { conversation, turns: answer.turnlist, total: Number(answer.total) };
  }

  /** Deletes a conversation with the contents of its turns; returns of how many tasks. */
  async deleteConversation(id: string, options: Cancellable = {}): Promise<number> {
    const path = 'Conversation/Delete';
    const body = { conversationid: id };
    const answer = await callApi<ConversationDeleteAnswer>(this.#access, path, body, options);
    return Number(answer.deleted);
  }

  /** The models of the catalogue. */
  async tools(
    page: { start?: number; limit?: number; search?: string } = {},
    { signal }: Cancellable = {},
  ): Promise<{ total: number; tools: WireTool[] }> {
    const { start = 0, limit = 20, search } = page;
    const body = { start: `${start}`, limit: `${limit}`, ...(search ? { search } : {}) };
    const answer = await callApi<WholeTools>(this.#access, 'Tool/List', body, { signal });
    return { total: Number(answer.total), tools: answer.tool };
  }

  /** One model, `owner/project`, with its parameters. */
  async tool(model: string, { signal }: Cancellable = {}): Promise<WireTool> {
    const [slugowner = '', slugproject = ''] = model.split('/');
    const body = { slugowner, slugproject };
    const answer = await callApi<WholeTools>(this.#access, 'Tool/Detail', body, { signal });
    return first(answer.tool, `Tool/Detail of ${model}`);
  }

  /** The frames of a task until it has ended; see `followTask`. */
  follow(token: string, options: FollowOptions = {}): AsyncGenerator<TaskFrame> {
    if (!this.#socketClass) {
      throw new RunfleetConnectionError(
        'This platform has no WebSocket. Pass the class of the `ws` package as `webSocket`.',
      );
    }
    return followTask({ url: this.#socketUrl, socketClass: this.#socketClass }, token, options);
  }

  /** Waits until the task has ended and returns its final record. A failed task does not throw. */
  async waitFor(token: string, options: Cancellable = {}): Promise<WireTask> {
    const frames = this.follow(token, { mode: 'delta', signal: options.signal });
    while (!(await frames.next()).done);
    return this.detail({ token }, options);
  }

  /** One task and one charge, however often the call is repeated: each has the same key. */
  #run<Answer>(
    access: ApiAccess,
    path: string,
    parameters: Record<string, unknown>,
    options: RunOptions,
  ): Promise<Answer> {
    const { signal } = options;
    const headers = runHeaders(options);
    return repeatUntilAnswered(
      () => callApi<Answer>(access, path, parameters, { signal, headers }),
      signal,
    );
  }

  async #list<Task = WireTask>(
    { start = 0, limit = 20, order = 'DESC', model, status, project, from, to }: TaskPage,
    form: { summary?: true },
    { signal }: Cancellable,
  ): Promise<ListedTasks<Task>> {
    const body = {
      type: 'model',
      sort: 'id',
      order,
      start: `${start}`,
      limit: `${limit}`,
      ...form,
    };
    const filter = { ...body, modelName: model, status, projectid: project, from, to };
    type Answer = { total: string; tasklist: Task[] };
    const answer = await callApi<Answer>(this.#access, 'Task/List', filter, { signal });
    return { total: Number(answer.total), tasks: answer.tasklist };
  }

  async #task(path: string, reference: TaskReference, options: Cancellable): Promise<WireTask> {
    const body =
      'taskId' in reference ? { taskid: reference.taskId } : { tasktoken: reference.token };
    const answer = await callApi<TaskAnswer>(this.#access, path, body, options);
    return first(answer.tasklist, path);
  }
}

function pageOf({ start = 0, limit = 20, order }: ConversationPage, usual: 'ASC' | 'DESC') {
  return { start: `${start}`, limit: `${limit}`, order: order ?? usual };
}

function runPath(model: string): string {
  return `Run/${model.split('/').map(encodeURIComponent).join('/')}`;
}

function first<Item>(items: readonly Item[], what: string): Item {
  const [item] = items;
  if (item === undefined) throw new RunfleetConnectionError(`${what} returned an empty list.`);
  return item;
}
