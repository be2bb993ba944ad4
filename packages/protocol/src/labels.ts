const LABEL = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}=[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/;
const LABELS_MAX = 16;

/**
 * Reads `gpu=H100, zone=a`: the labels of a worker, or those that a task requires. They are sorted and
 * unique; an empty text has none. Throws an Error that names the invalid label.
 */
export function parseLabels(text: string): string[] {
  const labels = text.split(',').flatMap((part) => part.trim() || []);
  for (const label of labels) {
    if (!LABEL.test(label)) {
      throw new Error(
        `"${label}" must be name=value, each of 1 to 63 letters, digits and ._/- that begins with a letter or digit`,
      );
    }
  }
  if (labels.length > LABELS_MAX) throw new Error(`has more than ${LABELS_MAX} labels`);
  return [...new Set(labels)].sort();
}
