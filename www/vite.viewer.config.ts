/** The page of one file, without what it shows: `build/viewer/index.html`, which the reporter `viewer` completes. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  base: './',
  publicDir: false,
  plugins: [svelte({ configFile: false }), given(), inlined()],
  resolve: { alias: [{ find: './spawn.js', replacement: here('src/spawn-embedded.ts') }] },
  worker: {
    // Browsers start no module from a page on a disk.
    format: 'iife',
    plugins: () => [given()],
  },
  build: {
    outDir: here('../build/viewer'),
    emptyOutDir: true,
    target: 'es2023',
    cssCodeSplit: false,
    modulePreload: false,
    rolldownOptions: { output: { codeSplitting: false } },
  },
});

/** The module comes with the page: no address of it is made. */
function given(): Plugin {
  const address = "new URL('pgtap_cov_bg.wasm', import.meta.url)";
  return {
    name: 'given-module',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('/pgtap_cov.js')) return undefined;
      if (code.split(address).length !== 2) throw new Error('the glue does not name the module once');
      return { code: code.replace(address, 'undefined'), map: null };
    },
  };
}

/** Puts script and style into the page, with a policy that allows just these and no connection. */
function inlined(): Plugin {
  return {
    name: 'inlined',
    enforce: 'post',
    // After Vite, which has a last word on chunks.
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        let [script, style, page] = ['', '', ''];
        for (const [name, file] of Object.entries(bundle)) {
          if (file.type === 'chunk') script += file.code;
          else if (name.endsWith('.css')) style += String(file.source);
          else if (name.endsWith('.html')) page = String(file.source);
          else throw new Error(`${name} would be a file of its own`);
          delete bundle[name];
        }
        // Neither may end its element, or begin a comment in it.
        script = script.replace(/<(?=\/script|!--|script)/gi, '\\x3C');
        const icon = readFileSync(here('public/icon.svg')).toString('base64');
        const policy = [
          "default-src 'none'",
          `script-src '${hashOf(script)}' 'wasm-unsafe-eval'`,
          `style-src '${hashOf(style)}'`,
          'worker-src blob:',
          'img-src data:',
          "connect-src 'none'",
          "base-uri 'none'",
          "form-action 'none'",
        ].join('; ');
        const source = page
          .replace(/\s*<(script|link)\b[^>]*\b(src|href)="\.\/assets\/[^>]*>(<\/script>)?/g, '')
          .replace('./icon.svg', `data:image/svg+xml;base64,${icon}`)
          .replace('<head>', () => `<head><meta http-equiv="Content-Security-Policy" content="${policy}" />`)
          .replace('</head>', () => `<style>${style}</style></head>`)
          .replace('</body>', () => `<!--embedded--><script type="module">${script}</script></body>`);
        this.emitFile({ type: 'asset', fileName: 'index.html', source });
      },
    },
  };
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
