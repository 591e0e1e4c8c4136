/**
 * Runs `action` once at a time, for all who ask: whoever asks while it runs gets the next run, which begins after that, and
 * shares it with all who ask until then.
 */
export function shared(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  return () => {
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined
        running = action()
        return running
      })
    return next
  }
}
