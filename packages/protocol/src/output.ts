import type { TaskOutputItem } from './wire/output-item.ts';

/**
 * A file that a task wrote, as it is stored; the wire gets a `FileOutput`. `storageKey` is internal, and
 * null where the file is the answer as text, which is in the task's row.
 */
export type StoredFile = {
  id: string;
  name: string;
  contentType: string;
  sizeBytes: number;
  accessKey: string;
  storageKey: string | null;
};

/**
 * Outputs as the wire writes them. They are stored with a path relative to the API's base, so that the
 * public address can change; clients get the whole URL.
 */
export function withAbsoluteUrls(
  outputs: readonly TaskOutputItem[],
  publicApiUrl: string,
): TaskOutputItem[] {
  return outputs.map((output) =>
    'url' in output ? { ...output, url: `${publicApiUrl}${output.url}` } : output,
  );
}
