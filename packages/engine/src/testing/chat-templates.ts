/** Chat templates as published, each by the form of tokenizer that it is written for. */
export const TEMPLATES = {
  smollm2: [
    `{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}`,
    `{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}`,
    `{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`,
  ].join(''),
  llama3: [
    `{% set loop_messages = messages %}{% for message in loop_messages %}`,
    `{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}`,
    `{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}`,
    `{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}`,
  ].join(''),
  // Without the parts for tools.
  qwen2: `{%- if messages[0]['role'] == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
{%- else %}
    {{- '<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
`,
  phi4: [
    `{% for message in messages %}{% if message['role'] == 'system' and 'tools' in message and message['tools'] is not none %}`,
    `{{ '<|' + message['role'] + '|>' + message['content'] + '<|tool|>' + message['tools'] + '<|/tool|>' + '<|end|>' }}`,
    `{% else %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endif %}{% endfor %}`,
    `{% if add_generation_prompt %}{{ '<|assistant|>' }}{% else %}{{ eos_token }}{% endif %}`,
  ].join(''),
} as const;

/**
 * Templates with tools, written here. They give what the published ones of Qwen 2.5 and Llama 3.1
 * give: `fixtures/tools` has the texts that transformers renders from those.
 */
export const TOOL_TEMPLATES = {
  qwen2: [
    `{{- '<|im_start|>system\n' }}`,
    `{{- messages[0].content if messages[0].role == 'system' else 'You are Qwen, created by Alibaba Cloud. You are a helpful assistant.' }}`,
    `{%- if tools %}`,
    `{{- '\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n' }}`,
    `{{- 'You are provided with function signatures within <tools></tools> XML tags:\n<tools>' }}`,
    `{%- for tool in tools %}{{- '\n' }}{{- tool | tojson }}{%- endfor %}`,
    `{{- '\n</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n' }}`,
    `{{- '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>' }}`,
    `{%- endif %}`,
    `{{- '<|im_end|>\n' }}`,
    `{%- set last = namespace(role='') %}`,
    `{%- for message in messages %}`,
    `{%- if last.role == 'tool' and message.role != 'tool' %}{{- '<|im_end|>\n' }}{%- endif %}`,
    `{%- if message.role == 'tool' %}`,
    `{%- if last.role != 'tool' %}{{- '<|im_start|>user' }}{%- endif %}`,
    `{{- '\n<tool_response>\n' + message.content + '\n</tool_response>' }}`,
    `{%- elif message.role != 'system' or not loop.first %}`,
    `{{- '<|im_start|>' + message.role }}`,
    `{%- if message.content or not message.tool_calls %}{{- '\n' + message.content }}{%- endif %}`,
    `{%- if message.tool_calls %}{%- for call in message.tool_calls %}`,
    `{{- '\n<tool_call>\n{"name": "' + call.function.name + '", "arguments": ' }}`,
    `{{- call.function.arguments | tojson }}{{- '}\n</tool_call>' }}`,
    `{%- endfor %}{%- endif %}`,
    `{{- '<|im_end|>\n' }}`,
    `{%- endif %}`,
    `{%- set last.role = message.role %}`,
    `{%- endfor %}`,
    `{%- if last.role == 'tool' %}{{- '<|im_end|>\n' }}{%- endif %}`,
    `{{- '<|im_start|>assistant\n' }}`,
  ].join(''),
  llama3: [
    `{%- set head = '<|start_header_id|>' %}{%- set body = '<|end_header_id|>\n\n' %}`,
    `{{- bos_token + head + 'system' + body }}`,
    `{%- if tools is not none %}{{- 'Environment: ipython\n' }}{%- endif %}`,
    `{{- 'Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n' }}`,
    `{%- if messages[0].role == 'system' %}{{- messages[0].content | trim }}{%- endif %}`,
    `{{- '<|eot_id|>' }}`,
    `{%- set listed = namespace(is=tools is none) %}`,
    `{%- for message in messages %}`,
    `{%- if message.role == 'tool' %}`,
    `{{- head + 'ipython' + body }}{{- message.content | tojson }}{{- '<|eot_id|>' }}`,
    `{%- elif 'tool_calls' in message %}`,
    `{%- if message.tool_calls | length != 1 %}{{- raise_exception('Only one call at once.') }}{%- endif %}`,
    `{%- set call = message.tool_calls[0].function %}`,
    `{{- head + 'assistant' + body + '{"name": "' + call.name + '", "parameters": ' }}`,
    `{{- call.arguments | tojson }}{{- '}<|eot_id|>' }}`,
    `{%- elif message.role != 'system' or not loop.first %}`,
    `{{- head + message.role + body }}`,
    `{%- if not listed.is %}`,
    `{{- 'Given the following functions, please respond with a JSON for a function call ' }}`,
    `{{- 'with its proper arguments that best answers the given prompt.\n\n' }}`,
    `{{- 'Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}.' }}`,
    `{{- 'Do not use variables.\n\n' }}`,
    `{%- for tool in tools %}{{- tool | tojson(indent=4) }}{{- '\n\n' }}{%- endfor %}`,
    `{%- set listed.is = true %}`,
    `{%- endif %}`,
    `{{- message.content | trim }}{{- '<|eot_id|>' }}`,
    `{%- endif %}`,
    `{%- endfor %}`,
    `{{- head + 'assistant' + body }}`,
  ].join(''),
} as const;
