import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** For how long, since it was made, this process could not run at most: a machine that is busy keeps all others waiting, too. */
export class LoopDelay implements Disposable {
  readonly #monitor = monitorEventLoopDelay({ resolution: 10 })

  constructor() {
    this.#monitor.enable()
  }

  /** In ms. */
  get most(): number {
    return this.#monitor.max / 1e6
  }

  [Symbol.dispose](): void {
    this.#monitor.disable()
  }
}

/**
 * Milliseconds so far in which some process of this machine wanted to run and had to wait for another; 0 where the kernel does
 * not count them (https://docs.kernel.org/accounting/psi.html).
 */
export function stalledFor(): number {
  try {
    const [, total] = /^some .*total=(\d+)/.exec(readFileSync('/proc/pressure/cpu', 'utf8')) ?? []
    return Number(total ?? 0) / 1_000
  } catch {
    return 0
  }
}
