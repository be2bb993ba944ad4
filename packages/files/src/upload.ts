import type { Db } from '@runfleet/db';
import { newFileAccessKey, newFileId, RunfleetError } from '@runfleet/protocol';
import { type ObjectStorage, ObjectTooLargeError } from '@runfleet/storage';

import { entryColumns, type FileEntry, type FileOwner } from './file-entry.ts';
import { type Amount, type FileQuota, lockUsage, takeUsage } from './file-usage.ts';
import { listFoldersAbove, requireDepth } from './folders.ts';
import { discardUpload, UPLOAD_LEASE_SECONDS, UPLOAD_SECONDS_MAX } from './stray-objects.ts';

export type FileLimits = FileQuota & {
  /** Of one file. */
  fileBytesMax: number;
  /** How long files are kept; 0 means until they are deleted. */
  keptDays: number;
};

export type UploadContext = { db: Db; storage: ObjectStorage; limits: FileLimits };

const RENEW_MS = 30_000;
/** An upload of unknown length takes its quota in steps. */
const STEP_BYTES = 8 * 1024 * 1024;
const STEP_ENTRIES = 100;

/** What becomes an entry at the commit. `parent` is the index of a folder added before; null: where the upload goes. */
type NewEntry = {
  parent: number | null;
  name: string;
  file: { storageKey: string; contentType: string; sizeBytes: number } | null;
};

/**
 * An upload in progress. Its claim in `stray_objects` is committed before its first object, and its last
 * commit replaces the claim by entries. So if the process dies anywhere, nothing is readable that is not
 * complete, and the objects are deleted once the claim is due. The claim counts in the quota, in steps
 * ahead of the bytes, so uploads at the same time never exceed it together. Disposing without a commit
 * deletes the objects.
 */
export class Upload implements AsyncDisposable {
  readonly #ctx: UploadContext;
  readonly #organisationId: string;
  readonly #key: string;
  readonly #ends = new AbortController();
  readonly #renewal: NodeJS.Timeout;
  readonly #entries: NewEntry[] = [];
  #claimed: Amount;
  #used: Amount = { sizeBytes: 0, entries: 0 };
  #growing: Promise<void> = Promise.resolve();
  #objects = 0;
  #isCommitted = false;
  /** Aborts when the upload may write no more. */
  readonly signal: AbortSignal;

  /** `sizeBytes` is what the caller announced; null if it announced nothing. Throws `file_quota`. */
  static async open(
    ctx: UploadContext,
    { organisationId, sizeBytes }: { organisationId: string; sizeBytes: number | null },
  ): Promise<Upload> {
    const key = `uploads/${organisationId}/${newFileId()}`;
    const claimed = { sizeBytes: sizeBytes ?? 0, entries: 1 };
    await ctx.db.sql.begin(async (tx) => {
      await takeUsage(tx, organisationId, claimed, ctx.limits);
      await tx`
        insert into stray_objects (key, organisation_id, state, size_bytes, entries, due_at)
        values (${key}, ${organisationId}, 'uploading', ${claimed.sizeBytes}, ${claimed.entries},
          now() + make_interval(secs => ${UPLOAD_LEASE_SECONDS}))`;
    });
    return new Upload(ctx, { organisationId, key, claimed });
  }

  private constructor(
    ctx: UploadContext,
    claim: { organisationId: string; key: string; claimed: Amount },
  ) {
    this.#ctx = ctx;
    this.#organisationId = claim.organisationId;
    this.#key = claim.key;
    this.#claimed = claim.claimed;
    this.signal = AbortSignal.any([
      this.#ends.signal,
      AbortSignal.timeout(UPLOAD_SECONDS_MAX * 1_000),
    ]);
    this.#renewal = setInterval(() => {
      this.#take({ sizeBytes: 0, entries: 0 }).catch((error: unknown) => this.#ends.abort(error));
    }, RENEW_MS).unref();
  }

  get fileBytesMax(): number {
    return this.#ctx.limits.fileBytesMax;
  }

  /** Adds a folder; returns its index, which is the `parent` of entries in it. */
  async addFolder(parent: number | null, name: string): Promise<number> {
    await this.#use({ sizeBytes: 0, entries: 1 });
    return this.#entries.push({ parent, name, file: null }) - 1;
  }

  /** Stores a file completely or not at all. Throws `file_quota`, and what `body` throws. */
  async addFile(
    parent: number | null,
    file: { name: string; contentType: string; body: AsyncIterable<Uint8Array> },
  ): Promise<void> {
    const storageKey = `${this.#key}/${this.#objects++}`;
    const { name, contentType, body } = file;
    await this.#use({ sizeBytes: 0, entries: 1 });
    const { sizeBytes } = await this.#ctx.storage
      .put(storageKey, this.#counted(body), {
        contentType,
        bytesMax: this.#ctx.limits.fileBytesMax,
        signal: this.signal,
      })
      .catch(explain);
    this.#entries.push({ parent, name, file: { storageKey, contentType, sizeBytes } });
  }

  /** Makes all files readable at once, in a folder of the project; returns the entry that holds them. */
  async commit({
    projectId,
    parentId,
  }: Pick<FileOwner, 'projectId'> & { parentId: string | null }): Promise<FileEntry> {
    const organisationId = this.#organisationId;
    const ids = this.#entries.map(() => newFileId());
    const rows = this.#entries.map(({ parent, name, file }, index) => ({
      id: ids[index],
      parent_id: parent === null ? parentId : ids[parent],
      name,
      content_type: file?.contentType ?? '',
      size_bytes: file?.sizeBytes ?? 0,
      access_key: file && newFileAccessKey(),
      storage_key: file?.storageKey ?? null,
    }));
    const { keptDays } = this.#ctx.limits;
    await this.#growing;
    const first = await this.#ctx.db.sql.begin(async (tx) => {
      await lockUsage(tx, organisationId);
      const above = await listFoldersAbove(tx, { projectId, parentId });
      requireDepth(above.length + this.#depth());
      const [claim] = await tx<Amount[]>`
        delete from stray_objects where key = ${this.#key} and state = 'uploading'
        returning size_bytes::float8 as "sizeBytes", entries`;
      if (!claim) throw abandoned();
      // The claim is at least as large, so this cannot exceed the quota.
      await tx`
        update file_usage set size_bytes = size_bytes - ${claim.sizeBytes - this.#used.sizeBytes},
          entries = entries - ${claim.entries - rows.length}
        where organisation_id = ${organisationId}`;
      await tx`
        insert into file_entries (id, organisation_id, project_id, parent_id, is_folder, name,
          content_type, size_bytes, access_key, storage_key, created_at, expires_at)
        select id, ${organisationId}, ${projectId}, parent_id, storage_key is null, name, content_type,
          size_bytes, access_key, storage_key, now(),
          case when storage_key is not null and ${keptDays} > 0
            then now() + make_interval(days => ${keptDays}) end
        from json_to_recordset(${JSON.stringify(rows)}::text::json) as e(
          id text, parent_id text, name text, content_type text, size_bytes bigint,
          access_key text, storage_key text)`;
      const [entry] = await tx<FileEntry[]>`
        select ${entryColumns(tx)} from file_entries where id = ${ids[0] ?? ''}`;
      return entry;
    });
    this.#isCommitted = true;
    if (!first) throw new Error('An upload without entries was committed.');
    return first;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#renewal);
    this.#ends.abort();
    if (this.#isCommitted) return;
    // What fails here is repeated when the claim is due.
    await this.#growing.catch(() => {});
    await discardUpload(this.#ctx, {
      key: this.#key,
      organisationId: this.#organisationId,
    }).catch(() => {});
  }

  async *#counted(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      await this.#use({ sizeBytes: chunk.byteLength, entries: 0 });
      yield chunk;
    }
  }

  /** Counts what is used, and takes more of the quota before it is. */
  async #use({ sizeBytes, entries }: Amount): Promise<void> {
    this.#used = {
      sizeBytes: this.#used.sizeBytes + sizeBytes,
      entries: this.#used.entries + entries,
    };
    const missing = () => ({
      sizeBytes: this.#used.sizeBytes - this.#claimed.sizeBytes,
      entries: this.#used.entries - this.#claimed.entries,
    });
    if (missing().sizeBytes <= 0 && missing().entries <= 0) return;
    // One after another: files that are stored at the same time share the claim.
    this.#growing = this.#growing.then(async () => {
      const { sizeBytes: bytes, entries: count } = missing();
      if (bytes <= 0 && count <= 0) return;
      const step = {
        sizeBytes: bytes > 0 ? Math.max(bytes, STEP_BYTES) : 0,
        entries: count > 0 ? Math.max(count, STEP_ENTRIES) : 0,
      };
      const least = { sizeBytes: Math.max(bytes, 0), entries: Math.max(count, 0) };
      // The last steps of a quota are smaller.
      await this.#take(step).catch(() => this.#take(least));
    });
    await this.#growing;
  }

  async #take(more: Amount): Promise<void> {
    this.signal.throwIfAborted();
    await this.#ctx.db.sql.begin(async (tx) => {
      await takeUsage(tx, this.#organisationId, more, this.#ctx.limits);
      const renewed = await tx`
        update stray_objects set size_bytes = size_bytes + ${more.sizeBytes},
          entries = entries + ${more.entries},
          due_at = now() + make_interval(secs => ${UPLOAD_LEASE_SECONDS})
        where key = ${this.#key} and state = 'uploading'`;
      if (renewed.count === 0) throw abandoned();
    });
    this.#claimed = {
      sizeBytes: this.#claimed.sizeBytes + more.sizeBytes,
      entries: this.#claimed.entries + more.entries,
    };
  }

  #depth(): number {
    const depths: number[] = [];
    for (const { parent, file } of this.#entries) {
      depths.push((parent === null ? 0 : (depths[parent] ?? 0)) + (file === null ? 1 : 0));
    }
    return Math.max(0, ...depths);
  }
}

function explain(cause: unknown): never {
  throw cause instanceof ObjectTooLargeError ? fileTooLarge(cause.bytesMax) : cause;
}

export function fileTooLarge(bytesMax: number): RunfleetError {
  return new RunfleetError('body_too_large', `A file may have ${bytesMax} bytes at most.`);
}

function abandoned(): RunfleetError {
  return new RunfleetError('unavailable', 'The upload took too long. Try again.');
}
