import type { Abuse, Target } from '../abuse.ts';
import { sideBySide, Tally } from '../tally.ts';

const ADDRESSES = 10;
const ANSWERED_MAX = 60;

export const signInGuesses: Abuse = {
  name: 'sign-in-guesses',
  sends: '120 passwords for one account from ten addresses, then 100 sign-ins at once',
  bound: `at most ${ANSWERED_MAX} guesses at the account are checked`,
  async inflict(target) {
    const tally = new Tally();
    await sideBySide(120, 10, async (index) => {
      const address = `198.51.100.${20 + (index % ADDRESSES)}`;
      tally.count(`guess ${await signIn(target, target.strangerEmail, address, index)}`);
    });
    await sideBySide(100, 100, async (index) => {
      const address = `203.0.113.${100 + index}`;
      tally.count(`at once ${await signIn(target, `${index}@example.org`, address, index)}`);
    });
    const checked = tally.of('guess 401');
    return {
      answers: tally.answers,
      broken: checked <= ANSWERED_MAX ? null : `${checked} guesses were checked`,
    };
  },
};

async function signIn(
  target: Target,
  email: string,
  address: string,
  index: number,
): Promise<number> {
  const { origin } = new URL(target.apiUrl);
  try {
    const answer = await fetch(`${origin}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin, 'x-forwarded-for': address },
      body: JSON.stringify({ email, password: `a long guess ${index}` }),
      signal: AbortSignal.timeout(60_000),
    });
    await answer.text();
    return answer.status;
  } catch {
    return 0;
  }
}
