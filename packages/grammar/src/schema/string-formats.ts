const date =
  '(?:19|20)\\d\\d-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))';
const time =
  '(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?(?:Z|[+-](?:0\\d|1[0-4]):[0-5]\\d)';
/** No two hyphens in a row: the third and fourth characters may not both be one. */
const label = '[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20}){0,2}';
const hostname = `${label}(?:\\.${label}){0,3}`;
/** At most 64 characters, and the whole address at most 254. */
const mailbox = '(?:[A-Za-z0-9_+-]{1,64}|[A-Za-z0-9_+-]{1,20}(?:\\.[A-Za-z0-9_+-]{1,20}){1,2})';
const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ipv4 = `${octet}(?:\\.${octet}){3}`;
const quad = '[0-9A-Fa-f]{1,4}';
const ipv6 = [
  `(?:${quad}:){7}${quad}`,
  ...[6, 5, 4, 3, 2, 1].map((most) => `(?:${quad}:){${7 - most}}(?::${quad}){1,${most}}`),
  `(?:${quad}:){1,7}:`,
  `::(?:${quad}(?::${quad}){0,6})?`,
].join('|');
const pathCharacter = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
const rest = `(?:\\?(?:${pathCharacter}|[/?])*)?(?:#(?:${pathCharacter}|[/?])*)?`;
const whole = '(?:0|[1-9]\\d{0,4})';
const clock = `T(?:${whole}H(?:${whole}M(?:${whole}S)?)?|${whole}M(?:${whole}S)?|${whole}S)`;
const days = `(?:${whole}Y(?:${whole}M(?:${whole}D)?)?|${whole}M(?:${whole}D)?|${whole}D)`;
const pointer = '(?:/(?:[^~/]|~[01])*)*';

/**
 * The supported formats; any other is refused, not ignored. Every match has the format, but not
 * everything of the format matches: a hostname has at most four labels, a URI has an authority.
 */
export const FORMAT_PATTERNS: Readonly<Record<string, string>> = {
  date,
  'date-time': `${date}T${time}`,
  time,
  duration: `P(?:${days}(?:${clock})?|${clock}|${whole}W)`,
  email: `${mailbox}@${label}(?:\\.${label}){1,2}`,
  hostname,
  ipv4,
  ipv6,
  uri: `[a-z][a-z0-9+.-]{0,15}://${hostname}(?::\\d{1,4})?(?:/${pathCharacter}*)*${rest}`,
  uuid: '[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}',
  'json-pointer': pointer,
  'relative-json-pointer': `${whole}(?:#|${pointer})`,
};
