import { type Command, CommanderError } from 'commander'
import { type ErrorCode, toWeftError } from '../errors.ts'
import { faultLines } from './faultlines.ts'
import { printable } from './printable.ts'
import { watchStdout } from './stdout.ts'

/** What the exit code of a command tells a script. */
export const EXIT_CODES = Object.freeze({
  0: 'done',
  1: 'failed',
  2: 'wrong usage, input or settings',
  3: 'the controller cannot be reached, or it did not come about in time',
  4: 'not allowed: the token, or the identity of the other end',
  5: 'there is no such object',
  6: 'in conflict with what is there: a name, a range, a revision',
})

const EXIT_CODE_OF: Readonly<Record<ErrorCode, keyof typeof EXIT_CODES>> = {
  'invalid-input': 2,
  'invalid-config': 2,
  'not-found': 5,
  'already-exists': 6,
  'range-overlap': 6,
  'range-exhausted': 6,
  unauthenticated: 4,
  forbidden: 4,
  'token-spent': 4,
  'identity-mismatch': 4,
  'protocol-error': 1,
  'stale-revision': 6,
  'digest-mismatch': 1,
  'precondition-failed': 6,
  conflict: 6,
  'confirmation-needed': 2,
  'too-many-requests': 3,
  overloaded: 3,
  'log-damaged': 1,
  'store-unavailable': 3,
  unsupported: 1,
  'program-failed': 1,
  'port-taken': 6,
  unavailable: 3,
  'timed-out': 3,
  internal: 1,
}

/** Runs a program to its end and resolves with its exit code; what went wrong is on stderr by then. */
export async function runProgram(
  createProgram: () => Promise<Command>,
  args: readonly string[],
): Promise<number> {
  watchStdout()
  try {
    const program = await createProgram()
    prepare(program)
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const known = toWeftError(error)
    process.stderr.write(faultLines(known))
    return EXIT_CODE_OF[known.code]
  }
}

/** Lets commander throw where it would exit, in every command, and keeps what users typed from steering the terminal. */
function prepare(command: Command): void {
  command.exitOverride()
  command.configureOutput({
    writeErr: (text) => process.stderr.write(text.split('\n').map(printable).join('\n')),
  })
  for (const child of command.commands) prepare(child)
}
