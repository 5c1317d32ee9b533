import { Type } from 'typebox';
import { createOpenApi } from './openapi.ts';
import { type Operation, operation } from './operation.ts';
import { OPERATIONS } from './rest/operations.ts';

/** The operations, and the one that hands out the document of them all. */
export function withDocument(publicUrl: string): readonly Operation[] {
  const self: Operation = operation({
    id: 'showOpenApi',
    method: 'GET',
    path: '/openapi.json',
    tag: 'Operation',
    summary: 'This document',
    responses: { 200: { description: 'OpenAPI 3.1.', schema: Type.Object({ openapi: Type.String() }), example: { openapi: '3.1.0' } } },
    handle: async () => ({ status: 200, body: document }),
  });
  const operations = [...OPERATIONS, self];
  const document = createOpenApi(operations, publicUrl);
  return operations;
}
