import { reportAnswered, reportAway } from './server-away.ts';

/**
 * `fetch` of a POST that reports which share of its body was sent, from 0 to 1. It is an
 * `XMLHttpRequest`, because `fetch` reports no progress.
 */
export function uploadFetch(onProgress: (share: number) => void): typeof fetch {
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const abort = () => request.abort();
      init.signal?.addEventListener('abort', abort, { once: true });
      const fail = () => {
        if (init.signal?.aborted === true) return reject(init.signal.reason as Error);
        reportAway();
        reject(new TypeError('The upload was cut off.'));
      };
      request.upload.addEventListener('progress', ({ loaded, total }) => {
        if (total > 0) onProgress(loaded / total);
      });
      request.addEventListener('load', () => {
        reportAnswered();
        const id = request.getResponseHeader('x-request-id');
        const headers = id === null ? {} : { 'x-request-id': id };
        resolve(new Response(request.responseText, { status: request.status, headers }));
      });
      request.addEventListener('error', fail);
      request.addEventListener('abort', fail);
      request.addEventListener('loadend', () => init.signal?.removeEventListener('abort', abort));
      request.open('POST', input instanceof Request ? input.url : input);
      for (const [name, value] of new Headers(init.headers)) request.setRequestHeader(name, value);
      request.send(init.body as XMLHttpRequestBodyInit);
    });
}
