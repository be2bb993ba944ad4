import { type DragEvent, useRef, useState } from 'react';

import type { Parameter } from '../../api/tool.ts';
import { byteCount } from '../../format/bytes.ts';

/** The files of a form, by parameter. They are not kept for a reload, as texts are. */
export type FormFiles = Readonly<Record<string, readonly File[]>>;

const ACCEPTED = '.txt,.md,.csv,.pdf,text/plain,text/markdown,text/csv,application/pdf';

/** Chooses files by a button or by dropping them, and lists them with their sizes. */
export function FileField(props: {
  item: Parameter;
  files: readonly File[];
  mistake: string | null;
  /** The share of the files that was sent, while they are sent. */
  sent: number | null;
  onChange: (files: readonly File[]) => void;
}) {
  const { item, files, onChange } = props;
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    onChange([...files, ...event.dataTransfer.files]);
  };
  const over = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(true);
  };
  return (
    <div className="field" data-parameter={item.id}>
      <span className="field-label" id={`${item.id}-label`}>
        {item.label}
      </span>
      <div
        className={isOver ? 'drop-zone drop-zone-over' : 'drop-zone'}
        role="group"
        aria-labelledby={`${item.id}-label`}
        onDragOver={over}
        onDragLeave={() => setIsOver(false)}
        onDrop={drop}
      >
        <input
          ref={input}
          type="file"
          multiple
          hidden
          accept={ACCEPTED}
          onChange={({ target }) => {
            onChange([...files, ...(target.files ?? [])]);
            // So that a file that was removed can be chosen again.
            target.value = '';
          }}
        />
        <button type="button" name={item.id} onClick={() => input.current?.click()}>
          Choose files
        </button>
        <span className="muted">or drop them here</span>
      </div>
      {files.length > 0 && <ChosenFiles {...props} />}
      <p className="field-help">
        {props.mistake === null ? (
          item.description
        ) : (
          <strong className="mistake">{props.mistake}</strong>
        )}
      </p>
    </div>
  );
}

function ChosenFiles(props: {
  item: Parameter;
  files: readonly File[];
  sent: number | null;
  onChange: (files: readonly File[]) => void;
}) {
  const { item, files, sent, onChange } = props;
  return (
    <>
      <ul className="chosen-files" aria-label={item.label}>
        {files.map((file, index) => (
          // A file has no identity of its own, and two may have one name.
          <li key={`${index} ${file.name}`}>
            <span className="file-name">{file.name}</span>
            <span className="muted">{byteCount(file.size)}</span>
            <button
              type="button"
              className="quiet"
              aria-label={`Remove ${file.name}`}
              disabled={sent !== null}
              onClick={() => onChange(files.filter((_, other) => other !== index))}
            >
              Remove
            </button>
          </li>
        ))}
      </ul>
      {sent !== null && (
        <progress className="upload" aria-label="Upload" max={1} value={sent}>
          {Math.round(sent * 100)} %
        </progress>
      )}
    </>
  );
}
