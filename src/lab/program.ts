import { fileURLToPath } from 'node:url'

/** The file of the command line: the one that the launcher found (deploy/setup.js), else that of these sources. */
export function programFile(): string {
  return process.env.WEFT_PROGRAM ?? fileURLToPath(new URL('../cli/main.ts', import.meta.url))
}
