import type { GgufFields } from '../../gguf/gguf-fields.ts';
import { refuse } from '../../gguf/refuse.ts';
import { ggufTokenizer } from '../gguf-tokenizer.ts';
import { architectureOf, type LlamaShape } from './llama-shape.ts';

/** The JSON files of a published folder by name, including those of the tokenizer. */
export function llamaConfigs(fields: GgufFields, shape: LlamaShape): Record<string, unknown> {
  const ids = {
    bos_token_id: idOf(fields, 'bos', shape) ?? null,
    eos_token_id: eosIds(fields, shape),
    pad_token_id: idOf(fields, 'padding', shape) ?? null,
  };
  return {
    'config.json': modelConfig(shape, ids),
    'generation_config.json': { _from_model_config: true, ...ids },
    'genai_config.json': genaiConfig(shape, ids),
    'tokenizer.json': ggufTokenizer(fields),
    'tokenizer_config.json': tokenizerConfig(fields, shape),
  };
}

function eosIds(fields: GgufFields, shape: LlamaShape): number[] {
  const ids = ['eos', 'eot', 'eom'].flatMap((name) => idOf(fields, name, shape) ?? []);
  if (ids.length > 0) return [...new Set(ids)];
  throw refuse('names no token that ends an answer (tokenizer.ggml.eos_token_id)');
}

function idOf(fields: GgufFields, name: string, shape: LlamaShape): number | undefined {
  const key = `tokenizer.ggml.${name}_token_id`;
  const id = fields.number(key);
  if (id === undefined || (Number.isSafeInteger(id) && id >= 0 && id < shape.vocabularySize)) {
    return id;
  }
  throw refuse(`has ${id} as ${key}, which is no id of its ${shape.vocabularySize} tokens`);
}

function modelConfig(shape: LlamaShape, ids: Record<string, unknown>): Record<string, unknown> {
  const { family, className } = architectureOf(shape);
  return {
    architectures: [className],
    model_type: family,
    ...ids,
    hidden_act: 'silu',
    head_dim: shape.headSize,
    hidden_size: shape.hiddenSize,
    intermediate_size: shape.intermediateSize,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.cacheHeads,
    max_position_embeddings: shape.contextLength,
    rms_norm_eps: shape.normEpsilon,
    rope_theta: shape.rope.theta,
    ...ropeConfig(shape),
    ...(shape.window !== undefined && { sliding_window: shape.window }),
    tie_word_embeddings: shape.isTied,
    torch_dtype: 'float32',
    use_cache: true,
    vocab_size: shape.vocabularySize,
  };
}

function ropeConfig({ rope, headSize }: LlamaShape): Record<string, unknown> {
  const { rotatedSize, long, factors } = rope;
  return {
    ...(rotatedSize !== headSize && { partial_rotary_factor: rotatedSize / headSize }),
    ...(long && {
      original_max_position_embeddings: long.shortTokens,
      rope_scaling: {
        type: 'longrope',
        short_factor: factors,
        long_factor: long.factors,
        attention_factor: rope.scale,
      },
    }),
  };
}

function genaiConfig(shape: LlamaShape, ids: Record<string, unknown>): Record<string, unknown> {
  return {
    model: {
      ...ids,
      context_length: shape.contextLength,
      decoder: {
        session_options: { log_id: 'onnxruntime-genai', provider_options: [] },
        filename: 'model.onnx',
        head_size: shape.headSize,
        hidden_size: shape.hiddenSize,
        inputs: {
          input_ids: 'input_ids',
          attention_mask: 'attention_mask',
          past_key_names: 'past_key_values.%d.key',
          past_value_names: 'past_key_values.%d.value',
        },
        outputs: {
          logits: 'logits',
          present_key_names: 'present.%d.key',
          present_value_names: 'present.%d.value',
        },
        num_attention_heads: shape.heads,
        num_hidden_layers: shape.layers,
        num_key_value_heads: shape.cacheHeads,
      },
      type: architectureOf(shape).family,
      vocab_size: shape.vocabularySize,
    },
    search: {
      do_sample: false,
      max_length: shape.contextLength,
      past_present_share_buffer: true,
    },
  };
}

function tokenizerConfig(fields: GgufFields, shape: LlamaShape): Record<string, unknown> {
  const tokens = fields.texts('tokenizer.ggml.tokens');
  const token = (name: string) => tokens[idOf(fields, name, shape) ?? -1] ?? null;
  return {
    add_bos_token: fields.isTrue('tokenizer.ggml.add_bos_token'),
    bos_token: token('bos'),
    eos_token: token('eos'),
    pad_token: token('padding'),
    unk_token: token('unknown'),
    chat_template: chatTemplates(fields),
    clean_up_tokenization_spaces: false,
    model_max_length: shape.contextLength,
    tokenizer_class: 'PreTrainedTokenizerFast',
  };
}

/** A list of named templates if the file has another one for conversations with tools. */
function chatTemplates(fields: GgufFields): unknown {
  const template = fields.text('tokenizer.chat_template') ?? null;
  const forTools = fields.text('tokenizer.chat_template.tool_use');
  if (template === null || forTools === undefined) return template;
  return [
    { name: 'default', template },
    { name: 'tool_use', template: forTools },
  ];
}
