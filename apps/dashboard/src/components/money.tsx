import { exactDollars } from '@runfleet/protocol';

import { usdBalance, usdRoundedUp } from '../format/money.ts';

/** A rounded amount; its tooltip has the exact one. */
export function Money(props: { amount: string; as?: 'price' | 'balance' }) {
  const shown = props.as === 'balance' ? usdBalance(props.amount) : usdRoundedUp(props.amount);
  return (
    <span className="money" title={`Exactly ${exactDollars(props.amount)}`}>
      {shown}
    </span>
  );
}
