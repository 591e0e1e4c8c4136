/** Time as a value passed in, so that tests can own it. All durations and instants are milliseconds. */
export interface Clock {
  /** Milliseconds since 1970 (UTC); may jump. */
  now(): number
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonic(): number
  /** Calls `action` once after `delay` ms; the returned function cancels it. Does not keep the process alive. */
  after(delay: number, action: () => void): () => void
}

export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delay: number, action: () => void) {
    const timer = setTimeout(action, delay)
    timer.unref()
    return () => clearTimeout(timer)
  },
})

/** Resolves after `delay` ms; rejects with the signal's reason when that comes first. */
export function sleep(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.after(delay, () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    })
    signal?.addEventListener('abort', stop, { once: true })
  })
}
