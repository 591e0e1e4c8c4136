import { createInterface } from 'node:readline/promises'
import { WeftError } from '../errors.ts'
import { printable } from './printable.ts'

/**
 * Returns when the user agrees to `question`, or has agreed with --yes. Throws `invalid-input` otherwise, also when there
 * is nobody to ask: a script has to say that it means it.
 */
export async function confirm(
  question: string,
  yes: boolean | undefined,
  why = 'This cuts machines off, so it has to be confirmed.',
): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY) {
    throw new WeftError('invalid-input', why, {
      field: '--yes',
      advice: 'Add --yes to do it without being asked.',
    })
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  // Rejected at Ctrl-C and Ctrl-D.
  const answer = await terminal.question(`${printable(question)} [y/N] `).catch(() => '')
  terminal.close()
  if (/^y(es)?$/i.test(answer.trim())) return
  throw new WeftError('invalid-input', 'Not confirmed, so nothing was changed.')
}
