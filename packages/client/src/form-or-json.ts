/**
 * The body of a call: JSON, or a form if a parameter is a file or a list with files. In a form every
 * other value is a text, and an object or a list is its JSON.
 */
export function formOrJson(parameters: Readonly<Record<string, unknown>>): string | FormData {
  const entries = Object.entries(parameters);
  if (!entries.some(([, value]) => [value].flat().some(isFile))) return JSON.stringify(parameters);
  const form = new FormData();
  for (const [name, value] of entries) {
    const values: unknown[] = Array.isArray(value) && value.some(isFile) ? value : [value];
    for (const part of values) append(form, name, part);
  }
  return form;
}

function append(form: FormData, name: string, part: unknown): void {
  if (part === undefined || part === null) return;
  if (isFile(part)) form.append(name, part);
  else form.append(name, typeof part === 'string' ? part : JSON.stringify(part));
}

function isFile(value: unknown): value is Blob {
  return value instanceof Blob;
}
