import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const api = 'http://127.0.0.1:3100';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2023',
    // No inlined assets: the content security policy allows no `data:` URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // The pages use the protocol's tables, not its schemas. With zod's builders declared pure, the
      // schemas and zod stay out of the bundle.
      treeshake: { manualPureFunctions: ['z'] },
    },
  },
  server: { proxy: { '/v1': api, '/api': api, '/admin': api, '/healthz': api } },
});
