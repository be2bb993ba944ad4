/**
 * How a model writes calls of tools into its text. A format has the exact white space, which a grammar
 * enforces, so that plain string search separates calls from text, also in a text that still grows.
 */
export type CallFormat = {
  /**
   * What a text beside calls does not contain: the tag that every `open` begins with, or where
   * `open` is empty, the first characters of a call.
   */
  mark: string;
  /** Comes before a call, or before a list of calls; may be empty. */
  open: string;
  /** Comes between calls that follow each other. */
  between: string;
  /** Comes after a call, or after a list of calls; may be empty. */
  close: string;
  argumentsKey: 'arguments' | 'parameters';
  /** Whether one `open` and one `close` enclose all calls; if not, each call has its own. */
  isList: boolean;
};

export const CALL_FORMATS = {
  /** Hermes and Qwen 2.5, and every family without a form of its own. */
  hermes: {
    mark: '<tool_call>',
    open: '<tool_call>\n',
    between: '\n',
    close: '\n</tool_call>',
    argumentsKey: 'arguments',
    isList: false,
  },
  smollm2: {
    mark: '<tool_call>',
    open: '<tool_call>[',
    between: ', ',
    close: ']</tool_call>',
    argumentsKey: 'arguments',
    isList: true,
  },
  phi4: {
    mark: '<|tool_call|>',
    open: '<|tool_call|>[',
    between: ', ',
    close: ']<|/tool_call|>',
    argumentsKey: 'arguments',
    isList: true,
  },
  llama3: {
    mark: '{"name": "',
    open: '',
    between: '; ',
    close: '',
    argumentsKey: 'parameters',
    isList: false,
  },
} as const satisfies Record<string, CallFormat>;

export type CallFormatName = keyof typeof CALL_FORMATS;

/** Null for a run without tools, and for a format of a newer release. */
export function callFormatOf(name: CallFormatName | null): CallFormat | null {
  return name !== null && Object.hasOwn(CALL_FORMATS, name) ? CALL_FORMATS[name] : null;
}

/** The calls of one answer. */
export const CALLS_MAX = 16;
/** The tools of one run. */
export const TOOLS_MAX = 64;
/** The names of tools; no character of them is escaped in JSON. */
export const TOOL_NAME_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** A tool that a model may call. `parameters` is the JSON Schema of its arguments. */
export type ToolDefinition = {
  name: string;
  description: string;
  parameters: Readonly<Record<string, unknown>>;
};

/** Which tools a model may or must call; a name is that of the only one. */
export type ToolChoice = 'auto' | 'none' | 'required' | { name: string };

/** A call in a conversation. `arguments` is JSON text. */
export type ToolCall = { id: string; name: string; arguments: string };

/** A call is the start, its name, the middle, its arguments as JSON, and the end. */
export const CALL_START = '{"name": "';
export const callMiddle = ({ argumentsKey }: CallFormat) => `", "${argumentsKey}": `;
export const CALL_END = '}';

/** Calls as a model writes them. */
export function writeCalls(calls: readonly Omit<ToolCall, 'id'>[], format: CallFormat): string {
  const { open, between, close, isList } = format;
  const written = calls.map(
    (call) => `${CALL_START}${call.name}${callMiddle(format)}${call.arguments}${CALL_END}`,
  );
  if (isList) return `${open}${written.join(between)}${close}`;
  return written.map((call) => `${open}${call}${close}`).join(between);
}
