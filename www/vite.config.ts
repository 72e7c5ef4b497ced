import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What the page may load and run. A server may send the same as a header; the meta element holds it on any host. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export default defineConfig({
  root: here('.'),
  base: './',
  // One page: an address that is no file is an error, not the page again.
  appType: 'mpa',
  plugins: [svelte({ configFile: false }), policy(), size()],
  worker: { format: 'es' },
  server: { host: '127.0.0.1', fs: { allow: [here('..')] } },
  preview: { host: '127.0.0.1', headers: { 'Content-Security-Policy': CONTENT_SECURITY_POLICY } },
  build: {
    outDir: here('../build/www'),
    emptyOutDir: true,
    target: 'es2023',
    // Nothing inline: the policy allows no data: URL and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});

/** What the page's own code may take: without the module, the editor and the example, which are loaded when asked for. */
const MOST_BYTES = 150_000;
const NOT_OWN = /(^|\/)(Code|example)-[^/]*\.(js|css)$|\.(wasm|map)$/;

/** Says how large the page is, and fails where it grew over its limit. */
function size(): Plugin {
  const sizes = new Map<string, number>();
  return {
    name: 'size',
    apply: 'build',
    writeBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        const content = file.type === 'chunk' ? file.code : file.source;
        if (!NOT_OWN.test(file.fileName)) sizes.set(file.fileName, gzipSync(content, { level: 9 }).length);
      }
      const total = Array.from(sizes.values()).reduce((sum, bytes) => sum + bytes, 0);
      console.log(`viewer: ${total} bytes gzip in ${sizes.size} files`);
      if (total > MOST_BYTES)
        throw new Error(`viewer: ${total} bytes gzip, more than the ${MOST_BYTES} promised`);
    },
  };
}

/** Only in the build: the development server's hot reload needs inline styles. */
function policy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY },
        injectTo: 'head-prepend',
      },
    ],
  };
}
