import { describeBill, type Receipt } from '@runfleet/protocol';

import { Money } from '../components/money.tsx';
import { Waterfall } from '../components/waterfall.tsx';
import { describeStandIn } from './describe-stand-in.ts';
import { displayStatusOf } from './task-outcome.ts';
import type { TaskView } from './task-view.ts';

/** The cost of a run: the held amount while it is live, the receipt when it has ended. */
export function ReceiptBox({ view }: { view: TaskView }) {
  const isCharged = view.ended !== null && displayStatusOf(view.ended) === 'succeeded';
  if (isCharged && view.receipt !== null) return <Settled receipt={view.receipt} />;
  if (view.isLive) {
    if (view.held === null) return null;
    return (
      <p className="held muted">
        <Money amount={view.held} /> is held. The unused part is released when the run ends.
      </p>
    );
  }
  if (view.ended === null) return null;
  return (
    <p className="held muted">
      Cost: <Money amount={view.ended.totalcost} />
    </p>
  );
}

function Settled({ receipt }: { receipt: Receipt }) {
  const standIn = describeStandIn(receipt.weights);
  return (
    <div className="receipt">
      <Waterfall seconds={receipt.seconds} />
      <dl className="receipt-facts">
        <div className="receipt-cost">
          <dt>Cost</dt>
          <dd>
            <Money amount={receipt.cost} />
            <span className="fine figure">{describeBill(receipt)}</span>
          </dd>
        </div>
        <div>
          <dt>Tokens</dt>
          <dd className="figure">
            {receipt.promptTokens} in, {receipt.completionTokens} out
          </dd>
        </div>
        {receipt.used && receipt.used.seconds !== receipt.seconds.billed && (
          <div>
            <dt>Used, not billed</dt>
            <dd className="figure">
              {receipt.used.seconds} s, {receipt.used.tokens} tokens
            </dd>
          </div>
        )}
        {receipt.device !== '' && (
          <div>
            <dt>Ran on</dt>
            <dd>
              {receipt.weights} on {receipt.device}
              {standIn !== null && <div className="fine">{standIn.name}, not the model itself</div>}
            </dd>
          </div>
        )}
        <div>
          <dt>Price version</dt>
          <dd>{receipt.priceVersion}</dd>
        </div>
      </dl>
    </div>
  );
}
