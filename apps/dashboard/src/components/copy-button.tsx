import { useEffect, useState } from 'react';

const SHOWN_MS = 1600;

export function CopyButton(props: { text: string; label?: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.text);
      setState('copied');
    } catch {
      setState('refused');
    }
  };
  const label = props.label ?? 'Copy';
  return (
    <button
      type="button"
      className="quiet"
      onClick={() => void copy()}
      disabled={props.text === ''}
    >
      <span aria-live="polite">
        {state === 'idle' ? label : state === 'copied' ? 'Copied' : 'Not allowed'}
      </span>
    </button>
  );
}
