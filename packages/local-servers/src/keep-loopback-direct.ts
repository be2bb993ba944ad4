const LOOPBACK = ['localhost', '127.0.0.1', '::1', '[::1]'];

/**
 * Exempts calls to the loopback from the environment's proxy, for this process and its children. Node
 * uses that proxy if NODE_USE_ENV_PROXY is set, and reads these variables at each `fetch`.
 */
export function keepLoopbackDirect(env: Record<string, string | undefined>): void {
  // The lower-case spelling takes precedence if it is set.
  const given = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(/[\s,]+/u);
  const all = [...new Set([...given, ...LOOPBACK])].filter((host) => host !== '').join(',');
  env['no_proxy'] = all;
  env['NO_PROXY'] = all;
}
