/** Why a file has no text that a model can read. The message continues the name of the file. */
export class FileTextError extends Error {
  override readonly name = 'FileTextError';
}
