import {
  type FileOutput,
  formatUnixSeconds,
  newFileAccessKey,
  newFileId,
  type RawOutput,
  splitThinking,
  type StoredFile,
} from '@runfleet/protocol';
import type { Claim, TaskResult, TaskToRun } from '@runfleet/tasks';

import type { WorkerContext } from '../context.ts';
import type { Answer } from './infer.ts';

const NO_PARENT = '0';

/** Stores the answer as `0.txt` and shapes the task's result. */
export async function postprocess(
  ctx: WorkerContext,
  run: { task: TaskToRun; claim: Claim; answer: Answer; prompt: string },
): Promise<TaskResult> {
  const { task, claim, answer, prompt } = run;
  const body = Buffer.from(answer.text, 'utf8');
  const file: StoredFile = {
    id: newFileId(),
    name: '0.txt',
    contentType: 'text/plain; charset=utf-8',
    sizeBytes: body.byteLength,
    accessKey: newFileAccessKey(),
    storageKey: storageKeyOf(claim, '0.txt'),
  };
  await ctx.storage.put(file.storageKey, body, file.contentType);

  return {
    outcome: 'succeeded',
    finishReason: answer.finishReason,
    output: answer.text,
    error: '',
    outputs: [rawOutput(answer.text, prompt), fileOutput(file, task)],
    files: [file],
    weights: ctx.engine.info.model,
    device: ctx.engine.info.device,
    promptTokens: answer.promptTokens,
    completionTokens: answer.completionTokens,
  };
}

/** Of this attempt alone, so that a fenced worker cannot overwrite the winner's; in folders of a thousand tasks. */
function storageKeyOf({ taskId, epoch }: Claim, name: string): string {
  return `tasks/${taskId.slice(0, -3) || '0'}/${taskId}-${epoch}-${name}`;
}

function rawOutput(raw: string, prompt: string): RawOutput {
  const { thinking, answer } = splitThinking(raw);
  return { contenttype: 'raw', content: { prompt, raw, thinking, answer } };
}

function fileOutput(file: StoredFile, task: TaskToRun): FileOutput {
  const at = formatUnixSeconds(BigInt(Date.now()) * 1_000n);
  return {
    id: file.id,
    name: file.name,
    contenttype: file.contentType,
    parentid: NO_PARENT,
    uuid: task.ownerId,
    size: String(file.sizeBytes),
    addedtime: at,
    modifiedtime: at,
    accesskey: file.accessKey,
    foldercount: '0',
    filecount: '0',
    ispublic: 0,
    expiretime: null,
    url: `/File/${file.accessKey}/${file.name}`,
  };
}
