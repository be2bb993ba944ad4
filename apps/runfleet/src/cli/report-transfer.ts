import { ByteBar, type BytesProgress } from './byte-bar.ts';

export type TransferReport = {
  onProgress: BytesProgress;
  /** Names a step that has no bytes to count. */
  onStep: (step: string) => void;
  end: () => void;
};

/** Reports steps and bytes on stderr. Call `end` before anything else is written. */
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
