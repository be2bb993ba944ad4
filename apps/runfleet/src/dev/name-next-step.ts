type Place = { home: string; isDatabaseGiven: boolean };

/** What a person can do, by the error code of the system or of Postgres. */
const NEXT_STEPS: Readonly<Record<string, (place: Place) => string>> = {
  ENOSPC: ({ home }) =>
    `The disk is full. Free some space, or set RUNFLEET_HOME to a folder on another disk (now ${home}).`,
  EACCES: cannotWrite,
  EPERM: cannotWrite,
  EROFS: cannotWrite,
  ENOTDIR: ({ home }) =>
    `Something in ${home} is a file where a folder is needed. Move it away, or set RUNFLEET_HOME.`,
  EEXIST: ({ home }) =>
    `Something in ${home} is a file where a folder is needed. Move it away, or set RUNFLEET_HOME.`,
  // Postgres: the password, the role, the database.
  '28P01': refused,
  '28000': refused,
  '3D000': () =>
    'That database does not exist. Create it, or correct DATABASE_URL, or unset it to let Runfleet start a Postgres.',
  '42501': () =>
    'That role may not create tables there. Make it the owner of the database, or correct DATABASE_URL.',
};

/** The error with a next step added; unchanged if no step is known for it. */
export function nameNextStep(error: unknown, place: Place): unknown {
  if (!(error instanceof Error)) return error;
  const step = stepFor(error, place);
  return step === null ? error : new Error(`${error.message}\n${step}`, { cause: error.cause });
}

function stepFor(error: Error, place: Place): string | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    const known = Object.hasOwn(NEXT_STEPS, code) ? NEXT_STEPS[code] : undefined;
    if (known) return known(place);
    // Servers and their tools report a full disk as text.
    if (/No space left on device/.test(at.message)) return NEXT_STEPS['ENOSPC']?.(place) ?? null;
  }
  if (/is in use by process \d+/.test(error.message)) {
    return (
      'Runfleet is already running there; `runfleet doctor` shows its state. To start a second instance: ' +
      '`npm start -- --ephemeral`, or set RUNFLEET_HOME.'
    );
  }
  return null;
}

function cannotWrite({ home }: Place): string {
  return `Let this user write there (now ${home}), or set RUNFLEET_HOME to a folder that this user owns.`;
}

function refused({ isDatabaseGiven }: Place): string {
  return isDatabaseGiven
    ? 'Correct the user and the password in DATABASE_URL, or unset it to let Runfleet start a Postgres.'
    : 'The stored password does not match the data. Start with an empty RUNFLEET_HOME.';
}
