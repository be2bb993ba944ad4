import { runCalls } from './answer-segments.ts';
import { answerContent, answerEndOf } from './answer.ts';
import type { CallFormatName } from './tool-calls.ts';
import type { FileOutput, RawOutput, TaskOutputItem } from './wire/output-item.ts';

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
 * An answer as it is stored. What can be derived from it is added for readers; a row of an older release
 * has no end. Older processes read `thinking` and `answer`.
 */
export type StoredAnswer = {
  contenttype: 'raw';
  content: Omit<RawOutput['content'], 'segments'> & {
    /** How the answer of a run with tools writes calls. */
    calls?: CallFormatName;
  };
};

export type StoredOutput = StoredAnswer | FileOutput;

/**
 * Outputs as the wire writes them. Files are stored with a path relative to the API's base, so that the
 * public address can change; clients get the whole URL.
 */
export function presentOutputs(
  outputs: readonly StoredOutput[],
  { taskId, publicApiUrl }: { taskId: string; publicApiUrl: string },
): TaskOutputItem[] {
  return outputs.map((output) =>
    'url' in output
      ? { ...output, url: `${publicApiUrl}${output.url}` }
      : presentAnswer(output, taskId),
  );
}

function presentAnswer({ contenttype, content }: StoredAnswer, taskId: string): RawOutput {
  const { prompt, raw, logprobs, calls } = content;
  const shown = { prompt, ...answerContent(raw, answerEndOf(content), runCalls(calls, taskId)) };
  return { contenttype, content: logprobs === undefined ? shown : { ...shown, logprobs } };
}
