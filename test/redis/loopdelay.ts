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
