import { printable } from '../printable.ts'

export interface SignInOptions {
  /** In which to act, of those that are open to the person. */
  readonly project: string | undefined
  readonly signal: AbortSignal
}

/** For the person at the terminal; stdout is for what the command answers. Issuers' words may hold anything. */
export function say(text: string): void {
  process.stderr.write(`${text.split('\n').map(printable).join('\n')}\n`)
}
