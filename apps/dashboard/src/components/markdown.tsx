import { lazy, Suspense } from 'react';

const MarkdownText = lazy(async () => ({
  default: (await import('./markdown-text.tsx')).MarkdownText,
}));

/**
 * Markdown from a model or a model card. Raw HTML stays text and pictures become links. The source
 * is shown until the renderer is loaded.
 */
export function Markdown(props: { source: string }) {
  return (
    <Suspense fallback={<pre className="raw">{props.source}</pre>}>
      <MarkdownText source={props.source} />
    </Suspense>
  );
}
