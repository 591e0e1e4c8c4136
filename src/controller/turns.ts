import { setImmediate as othersFirst } from 'node:timers/promises'

/** Milliseconds of work after which others get a turn. */
const SLICE = 20

/** Milliseconds since some moment. */
type Now = () => number

/**
 * Takes all steps: at once as far as one slice of time reaches, so that what is short is done when this returns, and the
 * others in later turns of the event loop, between which everybody else has a turn.
 */
export function inTurns<Result>(
  steps: Iterator<unknown, Result>,
  now: Now = () => performance.now(),
): Result | Promise<Result> {
  const done = slice(steps, now)
  return done ? done.value : later(steps, now)
}

async function later<Result>(steps: Iterator<unknown, Result>, now: Now): Promise<Result> {
  for (;;) {
    await othersFirst()
    const done = slice(steps, now)
    if (done) return done.value
  }
}

/** Undefined when the time is over before the steps are. */
function slice<Result>(steps: Iterator<unknown, Result>, now: Now): IteratorReturnResult<Result> | undefined {
  const end = now() + SLICE
  do {
    const step = steps.next()
    if (step.done) return step
  } while (now() < end)
  return undefined
}
