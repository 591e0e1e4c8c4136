const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const

/** Aborted at the first SIGTERM or SIGINT, to stop in order. A second one ends the process at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const [name, number] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(128 + number)
      stop.abort()
    })
  }
  return stop.signal
}

/** Resolves when `signal` is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
