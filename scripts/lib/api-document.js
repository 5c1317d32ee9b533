import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The OpenAPI document as a service at `url` hands it out. Bundled from the sources, not taken from dist/: it must not depend on when somebody built last. */
export async function readApiDocument(url) {
  const source = fileURLToPath(new URL('../../src/http/document.ts', import.meta.url));
  const contents = `export { withDocument } from ${JSON.stringify(source)}; export { createOpenApi } from ${JSON.stringify(source.replace('document', 'openapi'))};`;
  const stdin = { contents, resolveDir: fileURLToPath(new URL('../..', import.meta.url)) };
  const { outputFiles } = await build({ stdin, bundle: true, write: false, format: 'esm', platform: 'node', charset: 'utf8' });
  const { withDocument, createOpenApi } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
  return JSON.parse(JSON.stringify(createOpenApi(withDocument(url), url)));
}
