import { memo } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';

const PLUGINS = [remarkGfm];

const COMPONENTS: Components = {
  // A picture would send a request to a host that the author of the text chose.
  img: ({ src, alt }) => <OutsideLink href={src} text={alt || 'picture'} />,
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  table: ({ children }) => (
    <div className="scroll-x" tabIndex={0} role="region" aria-label="Table">
      <table>{children}</table>
    </div>
  ),
};

export const MarkdownText = memo(function MarkdownText(props: { source: string }) {
  return (
    <div className="prose">
      <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
        {props.source}
      </ReactMarkdown>
    </div>
  );
});

function OutsideLink(props: { href: string | Blob | undefined; text: string }) {
  if (typeof props.href !== 'string' || props.href === '') return <>{props.text}</>;
  return (
    <a href={props.href} target="_blank" rel="noopener noreferrer nofollow">
      {props.text}
    </a>
  );
}
