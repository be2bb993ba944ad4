export type ZipLimits = {
  /** Files and folders in the archive's directory. */
  entries: number;
  /** Bytes of one unpacked file. */
  fileBytes: number;
  /** Bytes of all unpacked files. */
  totalBytes: number;
  /** Unpacked bytes per byte of the archive. */
  ratio: number;
  /** Unpacked bytes up to which the ratio does not matter: a short text may compress very well. */
  ratioFreeBytes: number;
  /** Folders around a file. */
  depth: number;
  /** Bytes of UTF-8 in the name of a file or a folder. */
  nameBytes: number;
};

export const ZIP_LIMITS: ZipLimits = {
  entries: 10_000,
  fileBytes: 100 * 1024 * 1024,
  totalBytes: 500 * 1024 * 1024,
  ratio: 100,
  ratioFreeBytes: 10 * 1024 * 1024,
  depth: 10,
  nameBytes: 255,
};
