import type { Engine } from '@runfleet/engine';
import {
  answerContent,
  answerEnd,
  type CallFormatName,
  countThinkingTokens,
  type FileOutput,
  formatUnixSeconds,
  type History,
  newFileAccessKey,
  newFileId,
  isCalling,
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
  /** How the answer writes calls; null for a run without tools. */
  calls: CallFormatName | null;
  history: History | null;
}): TaskResult {
  const { task, engine, prompt, calls, history } = run;
  const answer = withFinishReason(run.answer, calls);
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
    outputs: [rawOutput(answer, { prompt, calls, taskId: task.id }), fileOutput(file, task)],
    files: [file],
    weights: engine.facts.model,
    device: engine.facts.device,
    isolation: engine.facts.isolation,
    promptTokens: answer.promptTokens,
    history,
    completionTokens: answer.completionTokens,
  };
}

function withFinishReason(answer: Answer, calls: CallFormatName | null): Answer {
  const { finishReason, text } = answer;
  const isCall = calls !== null && finishReason === 'stop' && isCalling(text, calls);
  return isCall ? { ...answer, finishReason: 'tool_calls' } : answer;
}

function rawOutput(
  ended: Answer,
  run: { prompt: string; calls: CallFormatName | null; taskId: string },
): StoredAnswer {
  const { text, logprobs } = ended;
  const { prompt, calls, taskId } = run;
  const end = answerEnd({
    ...ended,
    thinkingTokens: countThinkingTokens(text, ended.marks, calls),
  });
  const { segments: _derived, ...stored } = answerContent(
    text,
    end,
    calls && { format: calls, taskId },
  );
  const content = { prompt, ...stored, ...(calls && { calls }) };
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
