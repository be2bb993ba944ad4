import { GrammarError } from '../grammar-error.ts';

/** A schema that is needed to read itself, so it says nothing. */
export class LoopError extends GrammarError {
  constructor(field: string) {
    super(field, 'refers to itself with no list or object in between');
  }
}
