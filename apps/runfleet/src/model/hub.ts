import type { Digest } from '@runfleet/downloads';
import { z } from 'zod';

import type { ModelContext } from './model-context.ts';
import type { HubSource } from './model-source.ts';

/** `path` is relative to the model's folder. */
export type HubFile = { path: string; url: string; sizeBytes: number; digest: Digest };

const entrySchema = z.object({
  type: z.string(),
  path: z.string(),
  size: z.number().int().nonnegative(),
  oid: z.string(),
  // Large files are stored separately under their SHA-256; `oid` is then the id of a pointer file.
  lfs: z.object({ oid: z.string(), size: z.number().int().nonnegative() }).optional(),
});
type Entry = z.infer<typeof entrySchema>;

const PAGES_MAX = 20;
const TRIES = 3;
const TIMEOUT_MS = 20_000;

/**
 * The files of one exported model: those of its folder and, in the layout of transformers.js, the
 * unquantised graph in the folder `onnx`. Folders of other exports are ignored.
 */
export async function listHubFiles(ctx: ModelContext, source: HubSource): Promise<HubFile[]> {
  const entries = await listFolder(ctx, source, source.subfolder);
  const files = entries.filter(({ type }) => type === 'file');
  if (!files.some(({ path }) => path.endsWith('.onnx'))) {
    const graphs = entries.some(
      ({ type, path }) => type === 'directory' && /(^|\/)onnx$/u.test(path),
    )
      ? await listFolder(ctx, source, join(source.subfolder, 'onnx'))
      : [];
    files.push(...graphs.filter(({ path }) => /\/model\.onnx(_data|\.data)?$/u.test(path)));
  }
  if (!files.some(({ path }) => path.endsWith('.onnx'))) throw noGraph(source, entries);
  return files.map((entry) => asHubFile(ctx, source, entry));
}

async function listFolder(ctx: ModelContext, source: HubSource, folder: string): Promise<Entry[]> {
  const place = `${source.id}/tree/${encodeURIComponent(source.revision)}`;
  let url: string | null = `${ctx.hubUrl}/api/models/${join(place, folder)}`;
  const entries: Entry[] = [];
  for (let page = 0; url !== null; page += 1) {
    if (page === PAGES_MAX)
      throw new Error(`${url} lists more than ${PAGES_MAX} pages. Name a subfolder.`);
    const response = await ask(ctx, url);
    if (!response.ok) throw refusal(ctx, source, response.status);
    const parsed = z.array(entrySchema).safeParse(await response.json().catch(() => null));
    if (!parsed.success) {
      throw new Error(`${url} does not answer like a model hub. Check HUB_URL (${ctx.hubUrl}).`);
    }
    entries.push(...parsed.data);
    url = nextPage(response, url);
  }
  return entries;
}

async function ask(ctx: ModelContext, url: string): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await fetch(url, {
        headers: hubHeaders(ctx),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      if (tries < TRIES) continue;
      const { hostname } = new URL(url);
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new Error(
        `${hostname} cannot be reached. Check the network or set HUB_URL to a mirror; without a network, ` +
          'copy the model folder to this machine and run "runfleet model add <folder>".',
        { cause },
      );
    }
  }
}

/** The next page, unless it has another origin, which would receive the token. */
function nextPage(response: Response, url: string): string | null {
  const link = /<([^<>]+)>;\s*rel="next"/u.exec(response.headers.get('link') ?? '')?.[1];
  if (link === undefined) return null;
  const next = new URL(link, url);
  return next.origin === new URL(url).origin ? next.href : null;
}

function asHubFile(ctx: ModelContext, source: HubSource, entry: Entry): HubFile {
  const path = source.subfolder === '' ? entry.path : entry.path.slice(source.subfolder.length + 1);
  const segments = path.split('/');
  const isInside = source.subfolder === '' || entry.path.startsWith(`${source.subfolder}/`);
  if (!isInside || segments.some((name) => /^\.*$/u.test(name) || /[\\\0]/u.test(name))) {
    throw new Error(
      `The hub lists a file outside the model's folder: ${JSON.stringify(entry.path)}.`,
    );
  }
  const place = `${source.id}/resolve/${encodeURIComponent(source.revision)}`;
  const url = `${ctx.hubUrl}/${place}/${entry.path.split('/').map(encodeURIComponent).join('/')}`;
  const hex = entry.lfs?.oid.replace(/^sha256:/u, '') ?? entry.oid;
  if (!/^(?:[\da-f]{40}|[\da-f]{64})$/u.test(hex)) {
    throw new Error(`The hub gives no checksum for ${entry.path}, so it cannot be verified.`);
  }
  const algorithm = entry.lfs ? 'sha256' : 'git';
  return { path, url, sizeBytes: entry.lfs?.size ?? entry.size, digest: { algorithm, hex } };
}

function refusal(ctx: ModelContext, source: HubSource, status: number): Error {
  const what = `${source.id}@${source.revision}${source.subfolder === '' ? '' : ` (${source.subfolder})`}`;
  if (status === 401 || status === 403) {
    const next =
      ctx.hubToken === undefined
        ? 'Check the id. If the model requires consent, give it on the page of the model and set HF_TOKEN to a read token.'
        : 'Check the id, and whether the owner of HF_TOKEN may read the model.';
    return new Error(`The hub refuses access to ${what} (${status}). ${next}`);
  }
  if (status === 404) {
    return new Error(`The hub has no ${what}. Check the id, the subfolder and the revision.`);
  }
  return new Error(`The hub answers ${status} for ${what}. Try again later.`);
}

function noGraph(source: HubSource, entries: readonly Entry[]): Error {
  const folders = entries.filter(({ type }) => type === 'directory').map(({ path }) => path);
  const next =
    folders.length > 0
      ? `Name one of its folders: ${folders
          .slice(0, 8)
          .map((path) => `${source.id}/${path}`)
          .join(', ')}.`
      : 'Find an ONNX export of it; their names often end in -onnx.';
  return new Error(
    `${source.id}${source.subfolder === '' ? '' : `/${source.subfolder}`} has no .onnx graph. ${next}`,
  );
}

export function hubHeaders(ctx: ModelContext): Record<string, string> {
  return ctx.hubToken === undefined ? {} : { authorization: `Bearer ${ctx.hubToken}` };
}

function join(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('/');
}
