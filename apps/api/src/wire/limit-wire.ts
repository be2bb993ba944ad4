import { formatLimitValue } from '@runfleet/billing';
import { formatUnixSeconds, type LimitsAnswer } from '@runfleet/protocol';
import type { ListedLimit } from '@runfleet/tasks';

export function limitsAnswer(limits: readonly ListedLimit[]): LimitsAnswer {
  return {
    errors: [],
    limits: limits.map(({ kind, value, used, endsAt, ...limit }) => ({
      ...limit,
      kind,
      value: formatLimitValue(kind, value),
      used: used === null ? null : formatLimitValue(kind, used),
      resetsat: formatUnixSeconds(endsAt),
    })),
    result: true,
  };
}
