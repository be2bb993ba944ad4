const LENGTH_MIN = 8;
const LENGTH_MAX = 128;
const CORE = /[a-z][^]*/;

/**
 * Why a password is not taken; null where it is. As NIST SP 800-63B has it: a length, nothing that is
 * on a list of what people choose, nothing that is the account's name, and no rules of composition.
 */
export async function findPasswordProblem(user: {
  email: string;
  password: string;
}): Promise<string | null> {
  const password = user.password.toLowerCase();
  if (password.length < LENGTH_MIN) return `A password needs at least ${LENGTH_MIN} characters.`;
  if (password.length > LENGTH_MAX) return `A password has ${LENGTH_MAX} characters at most.`;
  const email = user.email.toLowerCase();
  const [name = ''] = email.split('@', 1);
  const own = [email, name, 'runfleet'];
  const core = coreOf(password);
  const isOwn = own.some((word) => word !== '' && (password === word || core === word));
  const isRepeated = new Set(password).size < 3;
  const common = await readCommonPasswords();
  if (!isOwn && !isRepeated && !common.has(password) && !common.has(core)) return null;
  return 'This password is one of the first that are tried. Choose another one.';
}

/** Without what people put around a word: `Summer2024!` is `summer`. */
function coreOf(password: string): string {
  let end = password.length;
  while (end > 0 && !isLetter(password[end - 1] ?? '')) end--;
  return CORE.exec(password.slice(0, end))?.[0] ?? password;
}

function isLetter(character: string): boolean {
  return character >= 'a' && character <= 'z';
}

/** Loaded where a password is chosen, which is seldom: the list is a megabyte in memory. */
async function readCommonPasswords(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common']);
}
