import { DownloadError } from './download-error.ts';

const REDIRECTS_MAX = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Sends one GET and follows a bounded number of redirects. Credentials are sent only to the first
 * origin, and a redirect never leaves https.
 */
export async function followRedirects(
  start: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  let url = new URL(start);
  const { origin } = url;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
    const sent = new Headers({ ...headers, 'accept-encoding': 'identity' });
    if (url.origin !== origin) {
      sent.delete('authorization');
      sent.delete('cookie');
    }
    const response = await fetch(url, { headers: sent, redirect: 'manual', signal });
    const location = response.headers.get('location');
    if (!REDIRECTS.has(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = new URL(location, url);
    if (
      !/^https?:$/u.test(next.protocol) ||
      (url.protocol === 'https:' && next.protocol !== url.protocol)
    ) {
      throw new DownloadError(
        'refused',
        `${url.href} redirects to ${next.protocol}, which is not followed.`,
      );
    }
    url = next;
  }
  throw new DownloadError('refused', `${start} redirects more than ${REDIRECTS_MAX} times.`);
}
