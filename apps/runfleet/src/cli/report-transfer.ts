import { ByteBar, type BytesProgress } from './byte-bar.ts';

export type TransferReport = {
  onProgress: BytesProgress;
  /** Says what is being done that has no bytes to count. */
  onStep: (step: string) => void;
  end: () => void;
};

/** Tells on stderr of steps and, between them, of bytes. To be ended before anything else is said. */
export function reportTransfer(label: string): TransferReport {
  let bar: ByteBar | null = null;
  const end = () => {
    bar?.[Symbol.dispose]();
    bar = null;
  };
  return {
    onProgress: ({ bytes, totalBytes, bytesPerSecond, detail }) => {
      bar ??= new ByteBar(label, totalBytes);
      bar.show(bytes, bytesPerSecond, detail);
    },
    onStep: (step) => {
      end();
      process.stderr.write(`… ${step}\n`);
    },
    end,
  };
}
