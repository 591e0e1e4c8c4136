/** Milliseconds: agents that are few come back as soon as another process can serve. */
const LEAST = 2_000
/** Milliseconds of TLS that each of them costs who takes it in, and half as much for all else. */
const EACH = 1.5

/**
 * Within how many ms agents that are sent away are to come back, each at a moment of its own choice: so many that whoever
 * takes them in is never busy with them alone.
 */
export function drainWindow(agents: number): number {
  return Math.ceil(Math.max(LEAST, agents * EACH))
}
