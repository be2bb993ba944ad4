/** How the content of a type is recognised. */
type FileTypeRow = {
  contentType: string;
  /** The names that `file-type` gives to such content; none for text and archives. */
  detected: readonly string[];
  /** `text`: every byte is checked. `zip`: an archive, whose directory is checked. */
  form: 'binary' | 'text' | 'zip';
};

const binary = (contentType: string, ...detected: string[]) =>
  ({ contentType, detected, form: 'binary' }) as const;
const text = (contentType: string) => ({ contentType, detected: [], form: 'text' }) as const;
const zip = (contentType: string) => ({ contentType, detected: [], form: 'zip' }) as const;

const OFFICE = 'application/vnd.openxmlformats-officedocument';

/** The files that can be uploaded, by extension. */
export const FILE_TYPES = {
  jpg: binary('image/jpeg', 'jpg'),
  jpeg: binary('image/jpeg', 'jpg'),
  png: binary('image/png', 'png', 'apng'),
  gif: binary('image/gif', 'gif'),
  webp: binary('image/webp', 'webp'),
  heic: binary('image/heic', 'heic'),
  mp4: binary('video/mp4', 'mp4', 'm4v'),
  webm: binary('video/webm', 'webm'),
  mov: binary('video/quicktime', 'mov'),
  mp3: binary('audio/mpeg', 'mp3'),
  wav: binary('audio/wav', 'wav'),
  // Some encoders write the general brand of MP4 into audio files.
  m4a: binary('audio/mp4', 'm4a', 'mp4'),
  pdf: binary('application/pdf', 'pdf'),
  csv: text('text/csv'),
  txt: text('text/plain'),
  md: text('text/markdown'),
  docx: zip(`${OFFICE}.wordprocessingml.document`),
  xlsx: zip(`${OFFICE}.spreadsheetml.sheet`),
  pptx: zip(`${OFFICE}.presentationml.presentation`),
  epub: zip('application/epub+zip'),
  zip: zip('application/zip'),
} as const satisfies Readonly<Record<string, FileTypeRow>>;

export type FileExtension = keyof typeof FILE_TYPES;
export type FileType = FileTypeRow & { readonly extension: FileExtension };

/** The type that the extension of `name` claims, or null if there is none or it is not accepted. */
export function claimedType(name: string): FileType | null {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  if (!name.includes('.') || !isAccepted(extension)) return null;
  return { extension, ...FILE_TYPES[extension] };
}

function isAccepted(extension: string): extension is FileExtension {
  return Object.hasOwn(FILE_TYPES, extension);
}
