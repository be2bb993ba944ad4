import { z } from 'zod';

/** `sha512Hex` and `sizeBytes` are null if the catalogue does not list them. */
export type FoundPackage = { url: string; sha512Hex: string | null; sizeBytes: number | null };

const PACKAGE = 'microsoft.ml.onnxruntime.gpu.linux';
const TIMEOUT_MS = 20_000;

const indexSchema = z.object({
  resources: z.array(z.object({ '@id': z.url(), '@type': z.string() })),
});
const leafSchema = z.object({ packageContent: z.url(), catalogEntry: z.url().optional() });
const entrySchema = z.object({
  packageHash: z.string(),
  packageHashAlgorithm: z.literal('SHA512'),
  packageSize: z.number().int().positive(),
});

/** Asks a NuGet server for the URL and the checksum of the package with the CUDA provider of this version. */
export async function findPackage(catalogueUrl: string, version: string): Promise<FoundPackage> {
  const index = await readJson(catalogueUrl, indexSchema);
  const base = index.resources.find(({ '@type': type }) => type.startsWith('RegistrationsBaseUrl'));
  if (!base) throw new Error(`${catalogueUrl} names no registrations. Check NUGET_URL.`);
  const leafUrl = `${base['@id'].replace(/\/?$/u, '/')}${PACKAGE}/${version}.json`;
  const leaf = await readJson(leafUrl, leafSchema);
  const entry =
    leaf.catalogEntry === undefined ? null : await readJson(leaf.catalogEntry, entrySchema);
  return {
    url: leaf.packageContent,
    sha512Hex: entry ? Buffer.from(entry.packageHash, 'base64').toString('hex') : null,
    sizeBytes: entry?.packageSize ?? null,
  };
}

async function readJson<Schema extends z.ZodType>(
  url: string,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (error: unknown) => {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new Error(
        `${new URL(url).hostname} cannot be reached. Check the network or set NUGET_URL to a mirror; without a ` +
          `network, copy the package ${PACKAGE} (or what "pip download --no-deps onnxruntime-gpu" fetches, of the same version) to this machine and run "runfleet gpu install --from <file>".`,
        { cause },
      );
    },
  );
  if (response.status === 404)
    throw new Error(`${url} does not exist (404): this server does not have that package.`);
  if (!response.ok) throw new Error(`${url} answers ${response.status}. Try again later.`);
  const parsed = schema.safeParse(await response.json().catch(() => null));
  if (!parsed.success)
    throw new Error(`${url} does not answer like a NuGet server. Check NUGET_URL.`);
  return parsed.data;
}
