export type PdfLimits = {
  readonly pages: number;
  /** Of the text, in UTF-16 code units. */
  readonly characters: number;
};

/** To the process: the one file that it reads. */
export type PdfCall = { readonly bytes: Uint8Array; readonly limits: PdfLimits };

/** From the process: the text, or why there is none, which continues the name of the file. */
export type PdfReport = { readonly text: string } | { readonly problem: string };
