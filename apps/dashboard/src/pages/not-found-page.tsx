import { useTitle } from '../components/use-title.ts';
import { Link } from '../router.tsx';

export function NotFoundPage() {
  useTitle('Not found');
  return (
    <div className="empty">
      <h1>There is no page here</h1>
      <p>The address may be mistyped, or the page has moved.</p>
      <Link href="/" className="button button-main">
        See the models
      </Link>
    </div>
  );
}
