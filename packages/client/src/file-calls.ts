import type { FileAnswer, FileDeleteAnswer, FileListAnswer, WireFile } from '@runfleet/protocol';

import { type ApiAccess, callApi } from './call-api.ts';
import { RunfleetConnectionError } from './errors.ts';

type Cancellable = { signal?: AbortSignal | undefined };

export type FilePage = {
  /** Of this folder; of the root by default. */
  folderId?: string | undefined;
  start?: number | undefined;
  limit?: number | undefined;
  order?: 'ASC' | 'DESC' | undefined;
};

const ROOT_ID = '0';
/** As long as a server takes for an upload. */
const UPLOAD_TIMEOUT_MS = 61 * 60_000;

/** The calls about files. A call about one file or folder returns it as it is then. */
export class FileCalls {
  readonly #access: ApiAccess;

  constructor(access: ApiAccess) {
    this.#access = access;
  }

  /** Stores a file; a zip archive becomes a folder, which is returned. */
  upload(
    file: File,
    { folderId = ROOT_ID, ...options }: Cancellable & { folderId?: string | undefined } = {},
  ): Promise<WireFile> {
    const access = { ...this.#access, answerTimeoutMs: UPLOAD_TIMEOUT_MS };
    return one(access, 'File/Upload', { folderid: folderId, file }, options);
  }

  createFolder(
    name: string,
    { parentId = ROOT_ID, ...options }: Cancellable & { parentId?: string | undefined } = {},
  ): Promise<WireFile> {
    return one(this.#access, 'File/FolderCreate', { name, parentid: parentId }, options);
  }

  /** A page of a folder, folders first, by name; `total` counts all that is in it. */
  async list(
    page: FilePage = {},
    options: Cancellable = {},
  ): Promise<{ total: number; files: WireFile[] }> {
    const { folderId = ROOT_ID, start = 0, limit = 20, order = 'ASC' } = page;
    const body = { parentid: folderId, start: `${start}`, limit: `${limit}`, order };
    const answer = await callApi<FileListAnswer>(this.#access, 'File/List', body, options);
    return { total: Number(answer.total), files: answer.list };
  }

  detail(id: string, options: Cancellable = {}): Promise<WireFile> {
    return one(this.#access, 'File/Detail', { id }, options);
  }

  rename(id: string, name: string, options: Cancellable = {}): Promise<WireFile> {
    return one(this.#access, 'File/Rename', { id, name }, options);
  }

  /** Moves to a folder, or to the root if it is null. */
  move(id: string, folderId: string | null, options: Cancellable = {}): Promise<WireFile> {
    return one(this.#access, 'File/Move', { id, parentid: folderId ?? ROOT_ID }, options);
  }

  /** Gives a file a new URL, and revokes the former one. */
  rotateAccessKey(id: string, options: Cancellable = {}): Promise<WireFile> {
    return one(this.#access, 'File/AccessKeyRotate', { id }, options);
  }

  /** Deletes a file, or a folder with everything in it; returns how many. */
  async delete(id: string, options: Cancellable = {}): Promise<number> {
    const answer = await callApi<FileDeleteAnswer>(this.#access, 'File/Delete', { id }, options);
    return Number(answer.deleted);
  }
}

async function one(
  access: ApiAccess,
  path: string,
  body: Record<string, unknown>,
  options: Cancellable,
): Promise<WireFile> {
  const [file] = (await callApi<FileAnswer>(access, path, body, options)).list;
  // A server of another kind may answer so.
  if (file === undefined) throw new RunfleetConnectionError(`${path} returned an empty list.`);
  return file;
}
