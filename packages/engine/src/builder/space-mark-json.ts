/** What tokenizers of SentencePiece's kind differ in. */
export type SpaceMarkForm = {
  vocab: Record<string, number>;
  /** In order of rank. */
  merges: readonly (string | readonly [string, string])[];
  addedTokens: readonly object[];
  unknownToken: string | null;
  /** Whether a space is written before a text. */
  addsSpace: boolean;
};

/** `tokenizer.json` in the published form of Llama 2 and Phi-3. */
export function spaceMarkJson(form: SpaceMarkForm): Record<string, unknown> {
  const { addsSpace } = form;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: form.addedTokens,
    normalizer: {
      type: 'Sequence',
      normalizers: [
        ...(addsSpace ? [{ type: 'Prepend', prepend: '▁' }] : []),
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: {},
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(addsSpace ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: form.unknownToken,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      vocab: form.vocab,
      merges: form.merges,
    },
  };
}
