import { useTitle } from '../components/use-title.ts';
import { Link } from '../router.tsx';

export function NotFoundPage() {
  useTitle('Not found');
  return (
    <div className="empty">
      <h1>Page not found</h1>
      <p>The address may be wrong, or the page may have moved.</p>
      <Link href="/" className="button button-main">
        See the models
      </Link>
    </div>
  );
}
