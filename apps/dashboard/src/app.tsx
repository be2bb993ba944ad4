import { type ReactNode, useEffect, useRef } from 'react';

import { AwayBanner } from './components/away-banner.tsx';
import { Header } from './components/header.tsx';
import { BillingPage } from './pages/billing/billing-page.tsx';
import { ExportsPage } from './pages/exports/exports-page.tsx';
import { FleetPage } from './pages/fleet/fleet-page.tsx';
import { HomePage } from './pages/home/home-page.tsx';
import { ModelPage } from './pages/model/model-page.tsx';
import { NotFoundPage } from './pages/not-found-page.tsx';
import { SignInPage } from './pages/sign-in/sign-in-page.tsx';
import { TaskPage } from './pages/task/task-page.tsx';
import { TasksPage } from './pages/tasks/tasks-page.tsx';
import { matchPath, useAddress } from './router.tsx';

type Page = (found: Record<string, string>) => ReactNode;

const ROUTES: readonly [pattern: string, page: Page][] = [
  ['/', () => <HomePage />],
  ['/sign-in', () => <SignInPage />],
  [
    '/models/:owner/:name',
    ({ owner = '', name = '' }) => <ModelPage key={`${owner}/${name}`} owner={owner} name={name} />,
  ],
  ['/tasks', () => <TasksPage />],
  ['/tasks/:id', ({ id = '' }) => <TaskPage key={id} id={id} />],
  ['/billing', () => <BillingPage />],
  ['/exports', () => <ExportsPage />],
  ['/fleet', () => <FleetPage />],
];

export function App() {
  const { pathname } = useAddress();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);

  // A new page gets the focus, so that screen readers announce it like a loaded document.
  useEffect(() => {
    if (isFirst.current) isFirst.current = false;
    else main.current?.focus({ preventScroll: true });
  }, [pathname]);

  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <AwayBanner />
      <main id="main" tabIndex={-1} ref={main}>
        {pageFor(pathname)}
      </main>
      <footer className="footer">
        <span>Runfleet</span>
        <span className="muted">Free software under the MIT licence</span>
      </footer>
    </>
  );
}

function pageFor(pathname: string): ReactNode {
  for (const [pattern, page] of ROUTES) {
    const found = matchPath(pattern, pathname);
    if (found !== null) return page(found);
  }
  return <NotFoundPage />;
}
