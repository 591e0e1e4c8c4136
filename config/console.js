// How the web console is built: `vite build --config config/console.js`. Run by deploy/setup/console.js.

import { fileURLToPath } from 'node:url'

const folder = (path) => fileURLToPath(new URL(path, import.meta.url))

// biome-ignore lint/style/noDefaultExport: the form that vite asks for
export default {
  root: folder('../src/console'),
  base: './',
  publicDir: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    outDir: folder('../dist/console'),
    emptyOutDir: true,
    target: 'es2023',
    // A polyfill would be an inline script, and what is inlined as data: the content security policy forbids both.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
  },
}
