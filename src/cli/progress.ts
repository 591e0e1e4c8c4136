/** Where it is said: nobody reads it in a file. */
type Terminal = Pick<NodeJS.WriteStream, 'isTTY' | 'write'>

/** Milliseconds before anything is said, and between two words. */
const PATIENCE = 1_000
const BEAT = 250

/**
 * Resolves with the work; what takes longer than a second says on the terminal how far it is, in a line that goes when it is
 * done.
 * @param tell what is said, given the seconds so far
 */
export async function whileWorking<Value>(
  tell: (seconds: number) => string,
  work: () => Promise<Value>,
  terminal: Terminal = process.stderr,
): Promise<Value> {
  if (!terminal.isTTY) return await work()
  const start = performance.now()
  let isSaid = false
  const timer = setInterval(() => {
    const passed = performance.now() - start
    if (passed < PATIENCE) return
    isSaid = true
    terminal.write(`\r${tell(Math.floor(passed / 1_000))}${CLEAR_REST}`)
  }, BEAT)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    if (isSaid) terminal.write(`\r${CLEAR_REST}`)
  }
}

/** Clears the line from the cursor on (ECMA-48: EL). */
const CLEAR_REST = '\u001b[K'
