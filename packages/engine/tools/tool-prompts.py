"""Renders conversations with tools from a model's published chat template, as transformers does.

  pip install transformers
  python packages/engine/tools/tool-prompts.py FAMILY TEMPLATE.jinja FIRST_TOKEN

FAMILY names the entry of packages/engine/fixtures/tools/prompts.json whose texts are replaced. FIRST_TOKEN is the
template's bos_token.
"""
import json
import sys
from pathlib import Path

from transformers.utils.chat_template_utils import render_jinja_template

FILE = Path(__file__).parent.parent / "fixtures/tools/prompts.json"


def with_template(messages):
    written = []
    for message in messages:
        given = {"role": message["role"], "content": message["content"]}
        if "toolCalls" in message:
            given["tool_calls"] = [
                {"type": "function", "id": call["id"],
                 "function": {"name": call["name"], "arguments": json.loads(call["arguments"])}}
                for call in message["toolCalls"]
            ]
        if message["role"] == "tool":
            given |= {"tool_call_id": message["callId"], "name": message["name"]}
        written.append(given)
    return written


def with_system(messages, tools):
    """The form of Phi-4-mini: definitions in the system message, calls in the text, outputs by their token."""
    written = []
    for message in messages:
        content = message["content"]
        if "toolCalls" in message:
            calls = [{"name": call["name"], "arguments": json.loads(call["arguments"])} for call in message["toolCalls"]]
            text = f"<|tool_call|>{json.dumps(calls, ensure_ascii=False)}<|/tool_call|>"
            content = f"{content}\n{text}" if content else text
        written.append({"role": {"tool": "tool_response"}.get(message["role"], message["role"]), "content": content})
    if tools:
        if written[0]["role"] != "system":
            written.insert(0, {"role": "system", "content": "You are a helpful assistant with some tools."})
        written[0]["tools"] = json.dumps(tools, ensure_ascii=False)
    return written


family, template, first_token = sys.argv[1:]
prompts = json.loads(FILE.read_text())
for case in prompts["cases"]:
    messages, tools = case["messages"], case["tools"]
    if family == "llama3" and any(len(message.get("toolCalls", [])) > 1 for message in messages):
        continue
    if family == "phi4":
        written, definitions = with_system(messages, tools), None
    else:
        written = with_template(messages)
        definitions = [{"type": "function", "function": tool} for tool in tools] or None
    [text], _ = render_jinja_template(
        [written], tools=definitions, chat_template=Path(template).read_text(), add_generation_prompt=True,
        bos_token=first_token,
    )
    case.setdefault("texts", {})[family] = text
FILE.write_text(json.dumps(prompts, ensure_ascii=False, indent=1) + "\n")
