import { useEffect, useRef, useState } from 'react';

const BATCH_MS = 2000;

/**
 * Reads streamed text to screen readers, politely: every two seconds the whole words that are new.
 * The text on the screen is not a live region itself, for it is drawn again with every frame.
 */
export function StreamAnnouncer(props: { text: string; isStreaming: boolean }) {
  const [batch, setBatch] = useState('');
  const said = useRef(0);
  const newest = useRef(props.text);

  useEffect(() => {
    newest.current = props.text;
  }, [props.text]);

  useEffect(() => {
    if (!props.isStreaming) return;
    said.current = newest.current.length;
    const sayNew = (toTheEnd: boolean) => {
      const text = newest.current;
      if (text.length < said.current) said.current = 0;
      const end = toTheEnd ? text.length : text.lastIndexOf(' ') + 1;
      if (end <= said.current) return;
      setBatch(text.slice(said.current, end));
      said.current = end;
    };
    const timer = setInterval(() => sayNew(false), BATCH_MS);
    return () => {
      clearInterval(timer);
      sayNew(true);
    };
  }, [props.isStreaming]);

  return (
    <div className="unseen" aria-live="polite" aria-label="Answer, as it arrives">
      {batch}
    </div>
  );
}
