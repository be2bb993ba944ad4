import { createContext, Script } from 'node:vm';

import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import type { ToolDefinition } from '@runfleet/protocol';

import { EngineError } from '../../engine-error.ts';
import type { ChatPart } from '../../families/model-family.ts';
import type { AddedToken } from '../tokenizer-file.ts';
import { AddedTokenFinder } from './added-token-finder.ts';
import { freeGuard, guarded } from './guards.ts';
import { LateTemplateError } from './late-template-error.ts';
import type { TemplateMessage } from './template-message.ts';
import { templateVariables, type WriteText } from './template-variables.ts';

/** One conversation takes microseconds; a template of nested loops might take hours. */
const RENDER_MS_MAX = 500;
/** What a template may write beside the tenant's text. */
const OWN_CHARS_MAX = 2 ** 20;
const RANGE_MAX = 10_000;

/**
 * A chat template in Jinja, as model folders contain it. Only the template itself writes special
 * tokens: in the text of a message, in a call and in the definition of a tool they stay text.
 *
 * It is rendered twice, once with guards inside the tenant's text. If both agree except for the
 * guards, the template did not look at what the guards changed, and every token that is found was
 * written by the template. Otherwise the conversation is refused.
 */
export class ChatTemplate {
  readonly #program: ReturnType<typeof parse>;
  readonly #variables: Readonly<Record<string, unknown>>;
  readonly #tokens: AddedTokenFinder;
  /** What is kept out of messages: all added tokens, or if the template reads those, the special. */
  readonly #guarded: readonly AddedTokenFinder[];

  /**
   * `variables` are the names of special tokens such as `bos_token`. Throws `EngineError('model')`
   * if this is not a template.
   */
  constructor(
    source: string,
    options: {
      variables: Readonly<Record<string, string>>;
      addedTokens: readonly AddedToken[];
    },
  ) {
    const { addedTokens } = options;
    // As the reference library does for chat templates.
    const style = { lstrip_blocks: true, trim_blocks: true };
    this.#program = explained('model', 'is not valid', () => parse(tokenize(source, style)));
    // The reference library sets this even if there are none.
    this.#variables = { documents: null, ...options.variables };
    this.#tokens = finderOf(addedTokens);
    this.#guarded = [this.#tokens, finderOf(addedTokens.filter(({ special }) => special))];
  }

  /**
   * The prompt that asks for the next message. Throws `EngineError('input')` if the template refuses
   * the conversation, and `LateTemplateError` if one of its renderings takes too long.
   */
  partsOf(
    messages: readonly TemplateMessage[],
    tools: readonly ToolDefinition[] | null = null,
    renderMsMax = RENDER_MS_MAX,
  ): ChatPart[] {
    const given: string[] = [];
    const render = (write: WriteText) =>
      this.#render(templateVariables(messages, tools, write), renderMsMax);
    const rendered = render((text) => {
      const wellFormed = text.toWellFormed();
      given.push(wellFormed);
      return wellFormed;
    });
    const chars = given.reduce((total, { length }) => total + length, 0);
    if (rendered.length > 2 * chars + OWN_CHARS_MAX) {
      throw new EngineError(
        'input',
        `The model's chat template writes ${rendered.length} characters for messages of ${chars}.`,
      );
    }
    const guard = freeGuard([...given, rendered]);
    if (guard === undefined) {
      throw new EngineError(
        'input',
        'The messages hold every character of private use. Shorten them.',
      );
    }
    for (const tokens of this.#guarded) {
      const text = render((piece) => guarded(piece.toWellFormed(), tokens, guard));
      if (text.replaceAll(guard, '') === rendered) return this.#split(text, guard);
    }
    throw new EngineError(
      'input',
      "The model's chat template changes a text that contains a special token. Write the token differently.",
    );
  }

  #render(variables: { messages: unknown; tools: unknown }, renderMsMax: number): string {
    return explained('input', 'refuses these messages', () =>
      withinTime(renderMsMax, () => {
        const environment = new Environment();
        for (const [name, value] of Object.entries({
          ...CONSTANTS,
          ...this.#variables,
          ...variables,
        })) {
          environment.set(name, value);
        }
        return String(new Interpreter(environment).run(this.#program).value);
      }),
    );
  }

  #split(text: string, guard: string): ChatPart[] {
    const parts: ChatPart[] = [];
    let from = 0;
    const endText = (end: number) => {
      const plain = text.slice(from, end).replaceAll(guard, '');
      if (plain !== '') parts.push({ text: plain });
    };
    for (let found = this.#tokens.next(text, 0); found; found = this.#tokens.next(text, from)) {
      endText(found.at);
      parts.push({ special: found.token });
      from = found.at + found.token.length;
    }
    endText(text.length);
    return parts;
  }
}

/** A token of one character stays text: the guards could not keep it out of messages. */
function finderOf(tokens: readonly AddedToken[]): AddedTokenFinder {
  const contents = tokens.map(({ content }) => content);
  return new AddedTokenFinder(contents.filter((content) => Array.from(content).length > 1));
}

/**
 * Without `strftime_now`, with which a prompt would depend on the day. Templates that know a date
 * test whether it is there.
 */
const CONSTANTS: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  add_generation_prompt: true,
  raise_exception: (reason: unknown) => {
    throw new Error(String(reason));
  },
  range: (first: number, second?: number, step = 1) => {
    const [start, end] = second === undefined ? [0, first] : [first, second];
    const length = Math.max(0, Math.ceil((end - start) / step));
    if (!(length <= RANGE_MAX)) throw new Error(`a range of ${length} is too long`);
    return Array.from({ length }, (_, at) => start + at * step);
  },
};

/** Ends synchronous work that takes too long, with an error. */
function withinTime<R>(timeout: number, work: () => R): R {
  sandbox.work = work;
  try {
    return CALL.runInContext(context, { timeout });
  } catch (error) {
    // The sandbox's own error is not an Error of this realm.
    if (Object(error).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new LateTemplateError(timeout, error);
  } finally {
    // Otherwise the last conversation would stay in memory.
    sandbox.work = idle;
  }
}

const idle = (): unknown => undefined;
// Only `runInContext` can end JavaScript that runs in this thread.
const sandbox = { work: idle };
const context = createContext(sandbox);
const CALL = new Script('work()');

function explained<R>(kind: 'model' | 'input', problem: string, work: () => R): R {
  try {
    return work();
  } catch (error) {
    if (error instanceof LateTemplateError) throw error;
    const { message }: { message?: unknown } = Object(error);
    throw new EngineError(kind, `The model's chat template ${problem}: ${String(message)}.`, {
      cause: error,
    });
  }
}
