import { usdBalance, usdExact, usdRoundedUp } from '../format/money.ts';

/** An amount, rounded for reading; the exact one is its tooltip. */
export function Money(props: { amount: string; as?: 'price' | 'balance' }) {
  const shown = props.as === 'balance' ? usdBalance(props.amount) : usdRoundedUp(props.amount);
  return (
    <span className="money" title={`Exactly ${usdExact(props.amount)}`}>
      {shown}
    </span>
  );
}
