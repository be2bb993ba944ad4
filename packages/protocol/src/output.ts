/** How likely the model held a token: the natural logarithm, and the likeliest others. */
export type TokenLogprobs = {
  id: number;
  token: string;
  logprob: number;
  top: readonly { id: number; token: string; logprob: number }[];
};

/** What a task leaves behind, in the shapes of the wire's `outputs`. `logprobs` only where asked for. */
export type RawOutput = {
  contenttype: 'raw';
  content: {
    prompt: string;
    raw: string;
    thinking: string[];
    answer: string[];
    logprobs?: readonly TokenLogprobs[];
  };
};

/**
 * A file that a task leaves behind; the wire gets `FileOutput`. `storageKey` stays inside, and is null
 * where the file is the task's answer as text: the task's row keeps that already.
 */
export type StoredFile = {
  id: string;
  name: string;
  contentType: string;
  sizeBytes: number;
  accessKey: string;
  storageKey: string | null;
};

export type FileOutput = {
  id: string;
  name: string;
  contenttype: string;
  parentid: string;
  uuid: string;
  size: string;
  addedtime: string;
  modifiedtime: string;
  accesskey: string;
  foldercount: string;
  filecount: string;
  ispublic: number;
  expiretime: null;
  url: string;
};

export type TaskOutputItem = RawOutput | FileOutput;

/**
 * Outputs as the wire gives them: files are stored with a path below the API's base, so that the
 * public address can change, and leave with the whole URL.
 */
export function withAbsoluteUrls(
  outputs: readonly TaskOutputItem[],
  publicApiUrl: string,
): TaskOutputItem[] {
  return outputs.map((output) =>
    'url' in output ? { ...output, url: `${publicApiUrl}${output.url}` } : output,
  );
}
