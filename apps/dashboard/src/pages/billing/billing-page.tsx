import type { LimitsAnswer, WireLimit } from '@runfleet/protocol';

import { useLiveQuery } from '../../api/use-live-query.ts';
import { Money } from '../../components/money.tsx';
import { ProblemNotice } from '../../components/problem-notice.tsx';
import { SignInNeeded } from '../../components/sign-in-needed.tsx';
import { useTitle } from '../../components/use-title.ts';
import { useSession } from '../../session/use-session.ts';
import { describeLimit, shareOf } from './describe-limit.ts';

const READ_EVERY_MS = 5_000;

export function BillingPage() {
  useTitle('Billing');
  const { visitor } = useSession();
  if (visitor === undefined) return null;
  if (visitor === null) {
    return <SignInNeeded title="Billing" sentence="Sign in to see your balance and limits." />;
  }
  const { account } = visitor;
  return (
    <>
      <div className="page-head">
        <h1>Billing</h1>
      </div>
      {account && (
        <dl className="figures">
          <div className="card">
            <dt>Balance</dt>
            <dd>
              <Money amount={account.balance} as="balance" />
            </dd>
          </div>
          <div className="card">
            <dt>Held</dt>
            <dd>
              <Money amount={account.held} />
            </dd>
          </div>
        </dl>
      )}
      <section className="card">
        <h2>Limits</h2>
        <LimitTable projects={visitor.projects} />
      </section>
    </>
  );
}

function LimitTable(props: { projects: readonly { id: string; name: string }[] }) {
  const { data, error } = useLiveQuery('/api/v1/limits', READ_EVERY_MS, keepLimits);
  if (error && !data) return <ProblemNotice problem={error} />;
  if (!data) return null;
  if (data.length === 0) return <p className="muted">Nothing is limited but by the balance.</p>;
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Limit</th>
          <th scope="col">Used</th>
          <th scope="col">Of</th>
        </tr>
      </thead>
      <tbody>
        {data.map((limit) => (
          <tr key={limit.id}>
            <th scope="row">{describeLimit(limit, props.projects)}</th>
            <td>
              <Used limit={limit} />
            </td>
            <td>
              <Amount limit={limit} amount={limit.value} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Used({ limit }: { limit: WireLimit }) {
  const { used } = limit;
  if (!limit.isInForce) return <span className="mistake">Not in force yet</span>;
  if (used === null) return <span className="muted">Counted per end user</span>;
  return (
    <span className="share">
      <span className="share-bar" aria-hidden="true">
        <span style={{ width: `${shareOf(limit) * 100}%` }} />
      </span>
      <span className="figure">
        <Amount limit={limit} amount={used} />
      </span>
    </span>
  );
}

function Amount({ limit, amount }: { limit: WireLimit; amount: string }) {
  return limit.kind === 'spend' ? <Money amount={amount} /> : <>{amount}</>;
}

function keepLimits({ limits }: LimitsAnswer): readonly WireLimit[] {
  return limits;
}
