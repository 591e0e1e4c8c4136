/** Where the generated part of the client stands. */
export const CLIENT_FILE = new URL('../../src/client/operations.ts', import.meta.url)
