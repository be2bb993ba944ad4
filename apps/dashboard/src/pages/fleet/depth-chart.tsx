import { duration } from '../../format/moment.ts';
import { type DepthSample, HISTORY_MS, pathOf } from './depth-history.ts';

const WIDTH = 600;
const HEIGHT = 120;
/** The first minute fills the chart. After that its window grows to the whole history. */
const NARROWEST_MS = 60_000;

/** Waiting tasks and slots in use since the page was opened. */
export function DepthChart({ history }: { history: readonly DepthSample[] }) {
  const first = history[0];
  const last = history.at(-1);
  if (first === undefined || last === undefined) return null;
  const windowMs = Math.min(HISTORY_MS, Math.max(NARROWEST_MS, last.atMs - first.atMs));
  const highest = Math.max(...history.map((sample) => Math.max(sample.waiting, sample.running)));
  const top = niceTop(highest);
  const box = { width: WIDTH, height: HEIGHT, fromMs: last.atMs - windowMs, toMs: last.atMs, top };
  const summary = `${last.waiting} tasks waiting and ${last.running} slots in use now; at most ${highest} in the last ${duration((last.atMs - first.atMs) / 1000)}.`;
  return (
    <figure className="chart">
      <figcaption className="chart-legend">
        <span className="legend legend-waiting">Waiting</span>
        <span className="legend legend-running">Slots in use</span>
        <span className="muted">since this page was opened</span>
      </figcaption>
      <div className="chart-box">
        <span className="chart-top figure" aria-hidden="true">
          {top}
        </span>
        <span className="chart-zero figure" aria-hidden="true">
          0
        </span>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img">
          <title>{summary}</title>
          {[0, 0.5, 1].map((part) => (
            <line
              key={part}
              className="chart-grid"
              x1="0"
              x2={WIDTH}
              y1={part * HEIGHT}
              y2={part * HEIGHT}
            />
          ))}
          <path className="chart-running" d={pathOf(history, (sample) => sample.running, box)} />
          <path className="chart-waiting" d={pathOf(history, (sample) => sample.waiting, box)} />
        </svg>
      </div>
      <div className="chart-axis muted figure" aria-hidden="true">
        <span>{duration(windowMs / 1000)} ago</span>
        <span>now</span>
      </div>
    </figure>
  );
}

/** The next of 4, 10, 20, 50, 100, 200 ... above the highest value. */
function niceTop(highest: number): number {
  if (highest <= 4) return 4;
  const magnitude = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 2, 5, 10].find((factor) => factor * magnitude >= highest) ?? 10;
  return step * magnitude;
}
