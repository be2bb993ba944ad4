import { RunfleetConnectionError } from '@runfleet/client';

/** Explains a failed call: what happened, and what the reader can do about it. */
export type Explanation = {
  title: string;
  detail: string;
  next: { label: string; href: string } | null;
  /** The form field that the message names. */
  field: string | null;
  requestId: string | null;
};

type Refusal = {
  status?: number;
  code?: number | null;
  message: string;
  requestId?: string | null;
};

export function explainProblem(problem: unknown): Explanation {
  const refusal = asRefusal(problem);
  const field = /\[(\w+)\b[^[\]]*\]/.exec(refusal.message)?.[1] ?? null;
  const known = KNOWN.find((entry) => entry.matches(refusal));
  return {
    title: known?.title ?? 'Something went wrong',
    detail: known?.detail ?? refusal.message,
    next: known?.next ?? null,
    field,
    requestId: refusal.requestId ?? null,
  };
}

const KNOWN: readonly {
  matches: (refusal: Refusal) => boolean;
  title: string;
  detail?: string;
  next?: { label: string; href: string };
}[] = [
  {
    matches: (refusal) => refusal.status === 0,
    title: 'The server did not answer',
    detail: 'Your input is kept. Try again when you are connected.',
  },
  {
    matches: (refusal) => refusal.code === 96,
    title: 'Too many runs at once',
    next: { label: 'See your running tasks', href: '/tasks' },
  },
  {
    matches: (refusal) => refusal.code === 97,
    title: 'Not enough balance',
    detail: 'A run reserves its maximum cost when it starts. Add funds, or lower its timeout.',
  },
  {
    matches: (refusal) => refusal.status === 401 || refusal.code === 98 || refusal.code === 99,
    title: 'You are signed out',
    detail: 'Your session has ended. Sign in and try again; your input is kept.',
    next: { label: 'Sign in', href: '/sign-in' },
  },
  {
    matches: (refusal) => refusal.message === 'task-not-exist',
    title: 'There is no such task',
    detail: 'It may belong to another organisation, or the number may be wrong.',
    next: { label: 'Go to your tasks', href: '/tasks' },
  },
  {
    matches: (refusal) => refusal.message === 'slug-owner-project-not-exist',
    title: 'There is no such model here',
    detail: 'This server has no model of that name.',
    next: { label: 'See the models', href: '/' },
  },
  {
    matches: (refusal) => refusal.status === 413,
    title: 'The input is too large',
    detail: 'The server does not accept inputs of this size. Shorten the prompt.',
  },
  {
    matches: (refusal) => refusal.status === 429,
    title: 'Too many requests',
    detail: 'Wait a moment, then try again.',
  },
  {
    matches: (refusal) => (refusal.status ?? 200) >= 500,
    title: 'The server has a problem',
    detail:
      'Your input is not the cause. Try again in a moment. If the problem stays, tell your operator.',
  },
  { matches: (refusal) => refusal.message.startsWith('Request '), title: 'Check the input' },
];

// Calls of this app and of the client package throw different classes with the same fields.
function asRefusal(problem: unknown): Refusal {
  if (!(problem instanceof Error)) return { message: String(problem) };
  if (problem instanceof RunfleetConnectionError) return { status: 0, message: problem.message };
  const { status, code, requestId } = problem as Partial<Refusal>;
  return {
    message: problem.message,
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof code === 'number' ? { code } : {}),
    ...(typeof requestId === 'string' ? { requestId } : {}),
  };
}
