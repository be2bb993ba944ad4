import type { ChatMessage } from '../../engine.ts';
import { callsOf } from './calls-of.ts';

/** The outputs of each message's calls in the order of the calls: most templates do not name them. */
export function inCallOrder(messages: readonly ChatMessage[]): ChatMessage[] {
  let places = new Map<string, number>();
  const ordered: ChatMessage[] = [];
  let outputs: Extract<ChatMessage, { role: 'tool' }>[] = [];
  const placeOf = ({ callId }: { callId: string }) => places.get(callId) ?? places.size;
  const endOutputs = () => {
    ordered.push(...outputs.toSorted((left, right) => placeOf(left) - placeOf(right)));
    outputs = [];
  };
  for (const message of messages) {
    if (message.role === 'tool') {
      outputs.push(message);
      continue;
    }
    endOutputs();
    ordered.push(message);
    places = new Map(callsOf(message).map(({ id }, at) => [id, at]));
  }
  endOutputs();
  return ordered;
}
