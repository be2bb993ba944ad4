import { useDeferredValue, useEffect, useRef, useState } from 'react';

import { CopyButton } from '../components/copy-button.tsx';
import { Markdown } from '../components/markdown.tsx';
import { StreamAnnouncer } from '../components/stream-announcer.tsx';
import { answerSpeed } from './answer-speed.ts';
import { Calls } from './calls.tsx';
import type { RunState } from './run-state.ts';
import type { TaskView } from './task-view.ts';

const RAW_KEY = 'runfleet:answer-raw';

/** The answer while it is written, formatted or raw. */
export function AnswerBox(props: { view: TaskView; run: RunState }) {
  const { view, run } = props;
  const [isRaw, setIsRaw] = useState(() => localStorage.getItem(RAW_KEY) === '1');
  const text = useDeferredValue(isRaw ? view.text : view.prose);
  const speed = answerSpeed(run, view.receipt);
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const wasLive = useRef(false);

  // A live answer scrolls with its latest words until the reader scrolls away; an old answer starts
  // at its beginning.
  useEffect(() => {
    wasLive.current ||= view.isLive;
    const element = box.current;
    if (element === null || !wasLive.current || !isAtEnd.current) return;
    element.scrollTop = element.scrollHeight;
  }, [text, view.isLive]);

  const choose = (raw: boolean) => {
    setIsRaw(raw);
    localStorage.setItem(RAW_KEY, raw ? '1' : '0');
  };
  return (
    <div className="answer">
      <div className="answer-bar">
        <div className="segments" role="group" aria-label="Show the answer">
          <button type="button" aria-pressed={!isRaw} onClick={() => choose(false)}>
            Formatted
          </button>
          <button type="button" aria-pressed={isRaw} onClick={() => choose(true)}>
            Raw
          </button>
        </div>
        {speed !== null && <span className="muted figure">{speed}</span>}
        <CopyButton text={view.text} />
      </div>
      <div
        ref={box}
        className={view.isLive && text !== '' ? 'answer-text is-writing' : 'answer-text'}
        tabIndex={0}
        role="region"
        aria-label="Answer"
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < 24;
        }}
      >
        {isRaw && text !== '' && <pre className="raw">{text}</pre>}
        {!isRaw && text !== '' && <Markdown source={text} />}
        {text === '' && (isRaw || view.calls.length === 0) && (
          <p className="muted">{whyEmpty(view)}</p>
        )}
        {!isRaw && <Calls calls={view.calls} isLive={view.isLive} />}
      </div>
      <StreamAnnouncer text={view.prose} isStreaming={view.isLive} />
      {view.errorText.trim() !== '' && view.ended?.pexit === '0' && (
        <details className="more">
          <summary>Log</summary>
          <pre className="raw">{view.errorText}</pre>
        </details>
      )}
    </div>
  );
}

function whyEmpty(view: TaskView): string {
  if (view.isLive) return 'No text yet.';
  return view.isDeleted ? 'The contents of this task were deleted.' : 'There was no answer.';
}
