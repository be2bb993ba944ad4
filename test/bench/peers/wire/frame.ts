/** A frame of the Run wire as both peers send it. `seq` counts a task's frames from 1. */
export type Frame = {
  type: string;
  id: string;
  tasktoken: string;
  message: unknown;
  result: true;
  seq: number;
};

export const LAST_FRAME = 'task_postprocess_end';

/** A message has frames of one task, one per line. */
export const FRAMES_CHANNEL = 'frames';

export function joinFrames(frames: readonly Frame[]): string {
  return frames.map((frame) => JSON.stringify(frame)).join('\n');
}

export function splitFrames(text: string): Frame[] {
  return text.split('\n').map((line) => JSON.parse(line) as Frame);
}

export function rawOutput(prompt: string, raw: string): unknown {
  return { contenttype: 'raw', content: { prompt, raw, thinking: [], answer: [raw] } };
}
