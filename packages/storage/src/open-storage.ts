import { ConfigError } from '@runfleet/service';

import { openLocalStorage } from './local-storage.ts';
import type { ObjectStorage } from './object-storage.ts';
import type { StorageSettings } from './storage-settings.ts';

/** The bucket of the settings, or else their folder. Connects on first use. */
export async function openStorage(settings: StorageSettings): Promise<ObjectStorage> {
  const { S3_BUCKET: bucket, S3_ENDPOINT: endpoint, S3_PATH_STYLE: pathStyle } = settings;
  if (bucket === undefined) return openLocalStorage(settings.STORAGE_DIR);
  const credentials = credentialsOf(settings);
  // The SDK takes half a second to load, and most installations do not need it.
  const { openS3Storage } = await import('./s3-storage.ts');
  return openS3Storage({
    bucket,
    endpoint,
    publicEndpoint: settings.S3_PUBLIC_ENDPOINT,
    region: settings.S3_REGION,
    isPathStyle: pathStyle === undefined ? endpoint !== undefined : pathStyle === 'true',
    credentials,
  });
}

function credentialsOf({
  S3_ACCESS_KEY_ID: accessKeyId,
  S3_SECRET_ACCESS_KEY: secretAccessKey,
}: StorageSettings): { accessKeyId: string; secretAccessKey: string } | undefined {
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return { accessKeyId, secretAccessKey };
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  const name = accessKeyId === undefined ? 'S3_ACCESS_KEY_ID' : 'S3_SECRET_ACCESS_KEY';
  const description = 'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY belong together.';
  throw new ConfigError([{ name, problem: 'is not set', description }]);
}
