import { headSize, ioType, type ModelSize } from '../model-size.ts';
import type { BuiltTokenizer } from './build-tokenizer.ts';
import { ROPE_THETA, ropeFactors } from './rope-tables.ts';

/** The JSON files of a published folder by name, including those of the tokenizer. */
export function folderConfigs(size: ModelSize, built: BuiltTokenizer): Record<string, unknown> {
  const ids = {
    bos_token_id: built.idOf('<s>'),
    pad_token_id: built.idOf('<|endoftext|>'),
  };
  const eosIds = ['<|end|>', '<|assistant|>', '<|endoftext|>'].map(built.idOf);
  return {
    'config.json': modelConfig(size, { ...ids, eos_token_id: built.idOf('<|endoftext|>') }),
    'generation_config.json': { _from_model_config: true, ...ids, eos_token_id: eosIds },
    'genai_config.json': genaiConfig(size, { ...ids, eos_token_id: eosIds }),
    'tokenizer.json': built.json,
    'tokenizer_config.json': built.config,
    'special_tokens_map.json': built.specialTokensMap,
  };
}

function modelConfig(size: ModelSize, ids: Record<string, unknown>): Record<string, unknown> {
  const { short, long } = ropeFactors(headSize(size) / 2);
  return {
    architectures: ['Phi3ForCausalLM'],
    model_type: 'phi3',
    ...ids,
    hidden_act: 'silu',
    hidden_size: size.hiddenSize,
    intermediate_size: size.intermediateSize,
    num_hidden_layers: size.layers,
    num_attention_heads: size.heads,
    num_key_value_heads: size.heads,
    original_max_position_embeddings: size.originalMaxPositions,
    max_position_embeddings: size.maxPositions,
    rms_norm_eps: 1e-5,
    rope_scaling: { type: 'longrope', short_factor: short, long_factor: long },
    rope_theta: ROPE_THETA,
    sliding_window: 262_144,
    tie_word_embeddings: false,
    torch_dtype: ioType(size),
    use_cache: true,
    vocab_size: size.vocabularySize,
  };
}

function genaiConfig(size: ModelSize, ids: Record<string, unknown>): Record<string, unknown> {
  const inputs = {
    input_ids: 'input_ids',
    attention_mask: 'attention_mask',
    ...(size.variant === 'gpu' ? { position_ids: 'position_ids' } : {}),
    past_key_names: 'past_key_values.%d.key',
    past_value_names: 'past_key_values.%d.value',
  };
  return {
    model: {
      ...ids,
      context_length: size.maxPositions,
      decoder: {
        session_options: { log_id: 'onnxruntime-genai', provider_options: [] },
        filename: 'model.onnx',
        head_size: headSize(size),
        hidden_size: size.hiddenSize,
        inputs,
        outputs: {
          logits: 'logits',
          present_key_names: 'present.%d.key',
          present_value_names: 'present.%d.value',
        },
        num_attention_heads: size.heads,
        num_hidden_layers: size.layers,
        num_key_value_heads: size.heads,
      },
      type: 'phi3',
      vocab_size: size.vocabularySize,
    },
    search: {
      do_sample: false,
      max_length: size.maxPositions,
      past_present_share_buffer: true,
      repetition_penalty: 1,
      temperature: 1,
      top_k: 1,
      top_p: 1,
    },
  };
}
