import type { Engine } from '@runfleet/engine';
import {
  answerContent,
  answerEnd,
  countThinkingTokens,
  type FileOutput,
  formatUnixSeconds,
  newFileAccessKey,
  newFileId,
  type StoredAnswer,
  type StoredFile,
} from '@runfleet/protocol';
import type { TaskResult, TaskToRun } from '@runfleet/tasks';

import type { Answer } from './infer.ts';

const NO_PARENT = '0';

/**
 * Builds the task's result. The answer is also a file, `0.txt`, whose text is stored in the task's
 * row.
 */
export function postprocess(run: {
  task: TaskToRun;
  engine: Engine;
  answer: Answer;
  prompt: string;
}): TaskResult {
  const { task, engine, answer, prompt } = run;
  const file: StoredFile = {
    id: newFileId(),
    name: '0.txt',
    contentType: 'text/plain; charset=utf-8',
    sizeBytes: Buffer.byteLength(answer.text),
    accessKey: newFileAccessKey(),
    storageKey: null,
  };
  return {
    outcome: 'succeeded',
    finishReason: answer.finishReason,
    output: answer.text,
    error: '',
    outputs: [rawOutput(answer, prompt), fileOutput(file, task)],
    files: [file],
    weights: engine.facts.model,
    device: engine.facts.device,
    promptTokens: answer.promptTokens,
    completionTokens: answer.completionTokens,
  };
}

function rawOutput(ended: Answer, prompt: string): StoredAnswer {
  const { text, logprobs } = ended;
  const end = answerEnd({ ...ended, thinkingTokens: countThinkingTokens(text, ended.marks) });
  const { segments: _derived, ...stored } = answerContent(text, end);
  const content = { prompt, ...stored };
  if (logprobs.length === 0) return { contenttype: 'raw', content };
  return { contenttype: 'raw', content: { ...content, logprobs } };
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
