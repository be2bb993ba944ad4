import type { Cookie } from './provided.ts';

/** Signs in like the page; returns the session's cookies. Throws with the server's answer. */
export async function signIn(
  dashboardUrl: string,
  who: { email: string; password: string },
): Promise<Cookie[]> {
  const { origin } = new URL(dashboardUrl);
  const answer = await fetch(new URL('/api/auth/sign-in/email', origin), {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify(who),
  });
  if (!answer.ok) throw new Error(`Signing in failed: ${answer.status} ${await answer.text()}`);
  return answer.headers.getSetCookie().map((line) => {
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    return { name: pair.slice(0, at), value: pair.slice(at + 1), url: origin };
  });
}
