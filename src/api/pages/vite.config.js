// `npm run build` writes dist/, which is committed: the program is built of it, without Node. The same sources and the
// same lock file give the same bytes (tests/browser/build.test.mjs).
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { countries } from './countries.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The pages themselves, and the licence of what is bundled (MIT asks that it goes along). */
function documents() {
  return {
    name: 'documents',
    generateBundle() {
      for (const name of ['dashboard.html', 'link.html']) {
        this.emitFile({ type: 'asset', fileName: name, source: readFileSync(here(`html/${name}`), 'utf8') });
      }
      const licence = readFileSync(here('node_modules/preact/LICENSE'), 'utf8');
      this.emitFile({ type: 'asset', fileName: 'LICENSE.txt', source: `Preact\n\n${licence}` });
    },
  };
}

export default defineConfig({
  base: './',
  publicDir: false,
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none', charset: 'utf8' },
  plugins: [countries(), documents()],
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    modulePreload: false,
    reportCompressedSize: false,
    cssMinify: 'esbuild',
    rollupOptions: {
      input: { link: here('src/link/main.tsx'), dashboard: here('src/dashboard/main.tsx') },
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: '[name].js',
        assetFileNames: '[name][extname]',
        manualChunks: (id) => (/node_modules|src\/shared\//.test(id) ? 'shared' : undefined),
      },
    },
  },
});
