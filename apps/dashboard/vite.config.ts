import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const api = 'http://127.0.0.1:3100';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2023',
    // Everything is a file of its own: the content security policy allows no `data:` URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // The protocol's tables are used here, its schemas are not: with their builders known to be
      // pure, zod stays out of the page.
      treeshake: { manualPureFunctions: ['z'] },
    },
  },
  server: { proxy: { '/v1': api, '/api': api, '/admin': api, '/healthz': api } },
});
