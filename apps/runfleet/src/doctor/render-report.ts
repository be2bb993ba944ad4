import { asTyped } from '../cli/as-typed.ts';
import type { DoctorSettings } from './doctor-settings.ts';
import type { Report } from './run-checks.ts';

const MARKS = { ok: '✓', problem: '✗', skipped: '–' } as const;

export function renderReport(reports: readonly Report[]): string {
  const width = Math.max(...reports.map(({ name }) => name.length));
  const lines = reports.flatMap(({ name, status, found, next }) => [
    `${MARKS[status]} ${name.padEnd(width)}  ${found}`,
    ...(next === undefined ? [] : [`${' '.repeat(width + 4)}→ ${next}`]),
  ]);
  return asTyped(`${lines.join('\n')}\n\n${summaryOf(reports)}\n`);
}

/** A stable format: fields and checks are added, never renamed. `next` is null if there is nothing to do. */
export function renderJson(source: DoctorSettings['source'], reports: readonly Report[]): string {
  const checks = reports.map(({ name, status, found, next }) => ({
    name,
    status,
    found,
    next: next ?? null,
  }));
  return `${JSON.stringify({ ok: !hasProblem(reports), source, checks }, null, 2)}\n`;
}

export function hasProblem(reports: readonly Report[]): boolean {
  return reports.some(({ status }) => status === 'problem');
}

function summaryOf(reports: readonly Report[]): string {
  const count = (status: Report['status']) =>
    reports.filter((report) => report.status === status).length;
  const problems = count('problem');
  const summary =
    problems === 0 ? 'No problems' : problems === 1 ? '1 problem' : `${problems} problems`;
  return `${summary}; ${count('ok')} fine, ${count('skipped')} skipped.`;
}
