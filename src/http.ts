/**
 * What is used of node:http and node:https, without what an `import` of them brings: that reads all that they export, and so
 * loads a client of HTTP (undici) that is not used here, 40 ms at the start of every command.
 */
export const { Agent, STATUS_CODES, createServer, request } = process.getBuiltinModule('node:http')
export const { createServer: createTlsServer, request: tlsRequest } = process.getBuiltinModule('node:https')
