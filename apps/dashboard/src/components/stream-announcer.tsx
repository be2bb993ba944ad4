import { useEffect, useRef, useState } from 'react';

const BATCH_MS = 2000;

/**
 * Announces streamed text to screen readers: every two seconds the new whole words. The text on the
 * screen is not a live region, because it is drawn again with every frame.
 */
export function StreamAnnouncer(props: { text: string; isStreaming: boolean }) {
  const [batch, setBatch] = useState('');
  const announced = useRef(0);
  const latest = useRef(props.text);

  useEffect(() => {
    latest.current = props.text;
  }, [props.text]);

  useEffect(() => {
    if (!props.isStreaming) return;
    announced.current = latest.current.length;
    const announceNew = (toTheEnd: boolean) => {
      const text = latest.current;
      if (text.length < announced.current) announced.current = 0;
      const end = toTheEnd ? text.length : text.lastIndexOf(' ') + 1;
      if (end <= announced.current) return;
      setBatch(text.slice(announced.current, end));
      announced.current = end;
    };
    const timer = setInterval(() => announceNew(false), BATCH_MS);
    return () => {
      clearInterval(timer);
      announceNew(true);
    };
  }, [props.isStreaming]);

  return (
    <div className="unseen" aria-live="polite" aria-label="Answer, as it arrives">
      {batch}
    </div>
  );
}
