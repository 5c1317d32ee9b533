import type { Operation } from './operation.ts';

/** The `Allow` header of a path that exists; undefined of one that does not. */
export type AllowedMethods = (url: string) => string | undefined;

/** Tells a path that exists, and takes other methods, from one that does not. */
export function createAllowedMethods(operations: readonly Pick<Operation, 'path' | 'method'>[]): AllowedMethods {
  const paths = operations.map(({ path, method }) => ({ pattern: toPathPattern(path), method }));
  return (url) => {
    const [path = ''] = url.split('?');
    const methods = paths.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return methods.length === 0 ? undefined : methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  };
}

/** What a request's path is matched with. @param path as in OpenAPI: `/v1/verifications/{id}`. */
export function toPathPattern(path: string): RegExp {
  return new RegExp(`^${escapePattern(path).replaceAll(/\\\{\w+\\\}/g, '[^/]+')}$`);
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
