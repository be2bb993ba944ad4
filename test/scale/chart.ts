/** A line chart as an SVG, with its own light background so that it is readable on any page. */

export type Series = { name: string; points: readonly (readonly [x: number, y: number])[] };

export type Chart = {
  title: string;
  x: Axis;
  y: Axis;
  series: readonly Series[];
};

/** The ticks also set the bounds. A logarithmic axis needs positive ticks. */
export type Axis = { label: string; ticks: readonly number[]; isLogarithmic?: boolean };

const WIDTH = 720;
const HEIGHT = 380;
const PLOT = { left: 72, right: 560, top: 70, bottom: 316 };
const COLOURS = ['#2563eb', '#d97706', '#059669', '#9333ea', '#dc2626', '#475569'];

export function drawChart({ title, x, y, series }: Chart): string {
  const atX = scaleOf(x, PLOT.left, PLOT.right);
  const atY = scaleOf(y, PLOT.bottom, PLOT.top);
  const parts = [
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="8" fill="#ffffff"/>`,
    text(title, { x: 20, y: 28, size: 15, weight: 600, colour: '#0f172a' }),
    ...y.ticks.flatMap((tick) => [
      line([PLOT.left, atY(tick)], [PLOT.right, atY(tick)], '#e2e8f0'),
      text(format(tick), { x: PLOT.left - 8, y: atY(tick) + 4, anchor: 'end' }),
    ]),
    ...x.ticks.flatMap((tick) => [
      line([atX(tick), PLOT.bottom], [atX(tick), PLOT.bottom + 5], '#94a3b8'),
      text(format(tick), { x: atX(tick), y: PLOT.bottom + 20, anchor: 'middle' }),
    ]),
    line([PLOT.left, PLOT.bottom], [PLOT.right, PLOT.bottom], '#94a3b8'),
    text(x.label, { x: (PLOT.left + PLOT.right) / 2, y: HEIGHT - 18, anchor: 'middle' }),
    text(y.label, { x: 20, y: 52 }),
    ...series.flatMap(({ name, points }, index) => {
      const colour = COLOURS[index % COLOURS.length] ?? '';
      const at = points.map(([px, py]) => [round(atX(px)), round(atY(py))] as const);
      const legendY = PLOT.top + 12 + 22 * index;
      return [
        `<polyline points="${at.map((point) => point.join()).join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...at.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`),
        line([PLOT.right + 16, legendY - 4], [PLOT.right + 34, legendY - 4], colour, 3),
        text(name, { x: PLOT.right + 40, y: legendY }),
      ];
    }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}" font-family="system-ui, sans-serif">\n${parts.join('\n')}\n</svg>\n`;
}

function scaleOf(axis: Axis, from: number, to: number): (value: number) => number {
  const of = axis.isLogarithmic ? Math.log10 : (value: number) => value;
  const [min, max] = [of(Math.min(...axis.ticks)), of(Math.max(...axis.ticks))];
  return (value) => {
    const share = (of(value) - min) / (max - min);
    return from + (to - from) * Math.min(Math.max(share, 0), 1);
  };
}

function line(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  colour: string,
  width = 1,
): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}" stroke-width="${width}"/>`;
}

function text(
  content: string,
  at: { x: number; y: number; anchor?: string; size?: number; weight?: number; colour?: string },
): string {
  const { x, y, anchor = 'start', size = 12, weight = 400, colour = '#475569' } = at;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}" font-weight="${weight}" fill="${colour}">${escape(content)}</text>`;
}

function format(tick: number): string {
  if (tick >= 1_000_000) return `${tick / 1_000_000}M`;
  return tick >= 1_000 ? `${tick / 1_000}k` : String(tick);
}

const round = (value: number): number => Math.round(value * 10) / 10;

const escape = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
