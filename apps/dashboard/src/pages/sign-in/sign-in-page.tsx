import { type FormEvent, useEffect, useRef, useState } from 'react';

import { ApiProblem } from '../../api/api-problem.ts';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { useTitle } from '../../components/use-title.ts';
import { navigate, useAddress } from '../../router.tsx';
import { useSession } from '../../session/use-session.ts';

export function SignInPage() {
  useTitle('Sign in');
  const { visitor, signIn } = useSession();
  const { search } = useAddress();
  const [problem, setProblem] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const email = useRef<HTMLInputElement>(null);
  const next = pathOfThisSite(search.get('next'));

  useEffect(() => {
    if (visitor) navigate(next, { replace: true });
  }, [visitor, next]);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setIsBusy(true);
    setProblem(null);
    try {
      await signIn(textOf(given, 'email'), textOf(given, 'password'));
    } catch (failure) {
      setProblem(inWords(failure));
      email.current?.focus();
    } finally {
      setIsBusy(false);
    }
  };

  return (
    <div className="sign-in">
      <h1>Sign in</h1>
      <p className="muted">Run models, follow your tasks and see what they cost.</p>
      <form onSubmit={(event) => void submit(event)}>
        <label className="field">
          <span className="field-label">E-mail</span>
          <input
            ref={email}
            name="email"
            type="email"
            autoComplete="username"
            required
            autoFocus
            spellCheck={false}
          />
        </label>
        <label className="field">
          <span className="field-label">Password</span>
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        {problem !== null && <ProblemNotice problem={problem} />}
        <button type="submit" className="button-main button-wide" disabled={isBusy}>
          {isBusy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
      <p className="fine">
        The operator of this server creates accounts. In a development setup the e-mail and the
        password are printed in the terminal and written to <code>.runfleet/dev.json</code>.
      </p>
    </div>
  );
}

// A crafted link must not lead to another site after signing in: only paths of this site are used.
function pathOfThisSite(next: string | null): string {
  if (next === null || !/^\/(?![/\\])/.test(next)) return '/';
  return next;
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}

function inWords(failure: unknown): unknown {
  if (failure instanceof ApiProblem && (failure.status === 401 || failure.status === 400)) {
    return new Error('The e-mail or the password is wrong. Check both and try again.');
  }
  return failure;
}
