// How the dashboard is built: hashed files under /assets, one chunk for each page, nothing inlined that the policy would refuse.
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const CHARTS =
  /node_modules[\\/](@mantine[\\/]charts|recharts|d3-|victory-vendor|@reduxjs|immer|redux|reselect|react-redux|decimal\.js|es-toolkit|eventemitter3|internmap|tiny-invariant)/;
const SELDOM = new RegExp(
  `${CHARTS.source}|node_modules[\\\\/](@simplewebauthn|uqr|@tanstack[\\\\/](react-virtual|virtual-core))`,
);

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  plugins: [react()],
  resolve: {
    // From its sources, so that the pages can be built before the packages are.
    alias: { '@latchkey/client': fileURLToPath(new URL('../client/src/index.ts', import.meta.url)) },
  },
  build: {
    target: 'es2023',
    sourcemap: false,
    assetsInlineLimit: 0,
    // The polyfill would be for browsers that the target leaves out.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    emptyOutDir: true,
    rolldownOptions: {
      output: {
        // What all pages share comes in few files; what few pages need (SELDOM) comes with those. A group takes what it imports
        // along, so the first ones in the list get what is shared.
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/, priority: 4 },
            { name: 'vendor', test: (id) => id.includes('node_modules') && !SELDOM.test(id), priority: 3 },
            { name: 'kit', test: /src[\\/](kit|data|app)[\\/]|packages[\\/]client[\\/]/, priority: 2 },
            { name: 'charts', test: CHARTS, priority: 1 },
            // What several pages share would come in a file for each set of pages that do.
            { name: 'shared', test: /src[\\/]pages[\\/]/, minShareCount: 3 },
          ],
        },
      },
    },
  },
  server: { proxy: { '/v1': 'http://127.0.0.1:4000', '/api': 'http://127.0.0.1:4000' } },
});
