import type { Segment, WireTask } from '@runfleet/protocol';

export type FunctionCall = Extract<Segment, { type: 'function_call' }>;

/**
 * The calls that a task asks its caller to execute. None if its answer was cut: whole calls of such an
 * answer are not to be executed either.
 */
export function callsOf({ outputs }: Pick<WireTask, 'outputs'>): FunctionCall[] {
  const [first] = outputs;
  if (first === undefined || !('content' in first)) return [];
  const { segments, finishreason } = first.content;
  if (finishreason !== 'tool_calls') return [];
  return segments.flatMap((segment) => (segment.type === 'function_call' ? [segment] : []));
}

/**
 * Executes the calls of a task, all at once, and returns the parameters of the Run that continues it;
 * null if it asks for no calls. The task must have a `session_id`. An output is a text, or any other JSON.
 */
export async function answerCalls(
  task: Pick<WireTask, 'outputs' | 'parameters' | 'socketaccesstoken'>,
  execute: (call: FunctionCall) => unknown,
): Promise<Record<string, unknown> | null> {
  const calls = callsOf(task);
  if (calls.length === 0) return null;
  const toolOutputs = await Promise.all(
    calls.map(async (call) => ({
      call_id: call.call_id,
      // JSON has no undefined, as of a function that returns nothing.
      output: (await execute(call)) ?? null,
    })),
  );
  const { session_id, user_id } = task.parameters;
  return {
    session_id,
    ...(user_id !== undefined && { user_id }),
    previousTaskToken: task.socketaccesstoken,
    toolOutputs,
  };
}
