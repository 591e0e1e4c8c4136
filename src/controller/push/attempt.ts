import type { Logger } from 'pino'

/** Does what nobody waits for, as in a timer: that it fails is told in the log, and ends neither the process nor what follows. */
export function attempt(
  log: Pick<Logger, 'error'>,
  what: string,
  work: () => void,
  where: object = {},
): void {
  try {
    work()
  } catch (err) {
    log.error({ err, ...where }, `${what} failed`)
  }
}
