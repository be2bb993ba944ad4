import type { Receipt } from '@runfleet/protocol';

import { duration } from '../format/moment.ts';

const STAGES = ['queue', 'preprocess', 'run', 'postprocess'] as const;

const STAGE_LABELS = {
  queue: 'Queue',
  preprocess: 'Preprocess',
  run: 'Run',
  postprocess: 'Postprocess',
} as const satisfies Record<(typeof STAGES)[number], string>;

/** The least width of a bar, so that every stage is visible. */
const THINNEST_PERCENT = 0.8;

/** The duration of each stage of a task. */
export function Waterfall(props: { seconds: Receipt['seconds'] }) {
  const total = sumOf(STAGES, props.seconds);
  return (
    <table className="waterfall">
      <caption className="unseen">Seconds by stage</caption>
      <tbody>
        {STAGES.map((stage, index) => {
          const seconds = Number(props.seconds[stage]);
          const from = share(sumOf(STAGES.slice(0, index), props.seconds), total);
          const width = Math.max(share(seconds, total), THINNEST_PERCENT);
          return (
            <tr key={stage}>
              <th scope="row">{STAGE_LABELS[stage]}</th>
              <td className="waterfall-bar">
                <svg width="100%" height="10" aria-hidden="true">
                  <rect className="track" width="100%" height="10" rx="3" />
                  <rect
                    className={`stage-${stage}`}
                    x={`${Math.min(from, 100 - width)}%`}
                    width={`${width}%`}
                    height="10"
                    rx="3"
                  />
                </svg>
              </td>
              <td className="figure" title={`${props.seconds[stage]} s`}>
                {duration(seconds)}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function sumOf(stages: readonly (typeof STAGES)[number][], seconds: Receipt['seconds']): number {
  return stages.reduce((sum, stage) => sum + Number(seconds[stage]), 0);
}

function share(part: number, whole: number): number {
  return whole > 0 ? (part / whole) * 100 : 0;
}
