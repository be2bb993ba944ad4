const LENGTH_MIN = 8;
const LENGTH_MAX = 128;
const CORE = /[a-z][^]*/;

/**
 * Why a password is refused; null if it is accepted. Follows NIST SP 800-63B: a length, not on a
 * list of common passwords, not the account's name, and no composition rules.
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
  return 'This password is one of the first that attackers try. Choose another one.';
}

/** Without digits and signs around a word: `Summer2024!` becomes `summer`. */
function coreOf(password: string): string {
  let end = password.length;
  while (end > 0 && !isLetter(password[end - 1] ?? '')) end--;
  return CORE.exec(password.slice(0, end))?.[0] ?? password;
}

function isLetter(character: string): boolean {
  return character >= 'a' && character <= 'z';
}

/**
 * Loaded on demand, because passwords are chosen rarely and the list takes a megabyte of memory.
 */
async function readCommonPasswords(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common']);
}
