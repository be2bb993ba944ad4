import { Link } from '../router.tsx';

/** Replaces a page that requires a session. */
export function SignInNeeded(props: { title: string; sentence: string }) {
  const next = encodeURIComponent(location.pathname + location.search);
  return (
    <div className="empty">
      <h1>{props.title}</h1>
      <p>{props.sentence}</p>
      <Link href={`/sign-in?next=${next}`} className="button button-main">
        Sign in
      </Link>
    </div>
  );
}
