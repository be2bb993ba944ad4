const LOOPBACK = ['localhost', '127.0.0.1', '::1', '[::1]'];

/**
 * Keeps this process's and its children's calls to the machine itself away from a proxy that the
 * environment names. Node asks that proxy where NODE_USE_ENV_PROXY is set, and reads these again at
 * each `fetch`.
 */
export function keepLoopbackDirect(env: Record<string, string | undefined>): void {
  // Of the two spellings the small one wins, where it is there.
  const given = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(/[\s,]+/u);
  const all = [...new Set([...given, ...LOOPBACK])].filter((host) => host !== '').join(',');
  env['no_proxy'] = all;
  env['NO_PROXY'] = all;
}
