import type { Me } from '@runfleet/protocol';
import type { FocusEvent, KeyboardEvent } from 'react';

import { Link, navigate, useAddress } from '../router.tsx';
import { useSession } from '../session/use-session.ts';
import { Money } from './money.tsx';

export function Header() {
  const { visitor } = useSession();
  const { pathname } = useAddress();
  const isIn = (path: string) => pathname === path || pathname.startsWith(`${path}/`);
  return (
    <header className="header">
      <div className="header-row">
        <Link href="/" className="brand">
          <BrandMark />
          Runfleet
        </Link>
        <nav aria-label="Main">
          <Link href="/" current={pathname === '/' || isIn('/models')}>
            Models
          </Link>
          <Link href="/tasks" current={isIn('/tasks')}>
            Tasks
          </Link>
          {visitor && (
            <>
              <Link href="/billing" current={isIn('/billing')}>
                Billing
              </Link>
              <Link href="/exports" current={isIn('/exports')}>
                Exports
              </Link>
            </>
          )}
          {visitor?.user.isOperator === true && (
            <Link href="/fleet" current={isIn('/fleet')}>
              Fleet
            </Link>
          )}
        </nav>
        <Account />
      </div>
    </header>
  );
}

function Account() {
  const { visitor, signOut } = useSession();
  const { pathname, search } = useAddress();
  if (visitor === undefined) return <div className="account" />;
  if (visitor === null) {
    if (pathname === '/sign-in') return <div className="account" />;
    const query = search.toString();
    const here = encodeURIComponent(query === '' ? pathname : `${pathname}?${query}`);
    return (
      <div className="account">
        <Link href={`/sign-in?next=${here}`} className="button">
          Sign in
        </Link>
      </div>
    );
  }
  const closeWhenLeft = (event: FocusEvent<HTMLDetailsElement>) => {
    if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false;
  };
  const closeOnEscape = (event: KeyboardEvent<HTMLDetailsElement>) => {
    if (event.key === 'Escape') event.currentTarget.open = false;
  };
  const leave = async () => {
    await signOut();
    navigate('/');
  };
  return (
    <div className="account">
      {visitor.account !== null && <AccountLine account={visitor.account} />}
      <details className="menu" onBlur={closeWhenLeft} onKeyDown={closeOnEscape}>
        <summary aria-label={`Signed in as ${visitor.user.email}`}>
          {visitor.user.name.slice(0, 1).toUpperCase() || '?'}
        </summary>
        <div className="menu-panel">
          <p>
            <strong>{visitor.user.name}</strong>
            <br />
            <span className="muted">{visitor.user.email}</span>
          </p>
          <p className="muted">{visitor.organisation?.name ?? 'No organisation yet'}</p>
          <button type="button" onClick={() => void leave().catch(() => undefined)}>
            Sign out
          </button>
        </div>
      </details>
    </div>
  );
}

function AccountLine({ account }: { account: NonNullable<Me['account']> }) {
  return (
    <dl className="account-line" aria-label="Account">
      <div>
        <dt>Balance</dt>
        <dd>
          <Money amount={account.balance} as="balance" />
        </dd>
      </div>
      <div>
        <dt>Held</dt>
        <dd>
          <Money amount={account.held} />
        </dd>
      </div>
    </dl>
  );
}

function BrandMark() {
  return (
    <svg className="brand-mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
      <rect className="brand-ground" width="24" height="24" rx="6" />
      <rect className="brand-bar brand-bar-far" x="5" y="6.2" width="9" height="2.6" rx="1.3" />
      <rect className="brand-bar" x="8" y="10.7" width="11" height="2.6" rx="1.3" />
      <rect className="brand-bar brand-bar-mid" x="5" y="15.2" width="7" height="2.6" rx="1.3" />
    </svg>
  );
}
