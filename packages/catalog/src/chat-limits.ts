/** The operator's limits. `maxTokens` is also the meaning of "0". */
export type ChatLimits = { maxTokens: number; maxTimeoutSeconds: number };

/** The limits of a model's Runs: its own within those of the operator. */
export function limitsOf(
  { limits }: { readonly limits: Readonly<Partial<ChatLimits>> },
  operator: ChatLimits,
): ChatLimits {
  const { maxTokens = Infinity, maxTimeoutSeconds = Infinity } = limits;
  return {
    maxTokens: Math.min(operator.maxTokens, maxTokens),
    maxTimeoutSeconds: Math.min(operator.maxTimeoutSeconds, maxTimeoutSeconds),
  };
}
