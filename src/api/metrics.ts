import { Gauge, Histogram } from 'prom-client'
import type { Controller } from '../controller/controller.ts'
import type { App } from './instance.ts'

/** Seconds: from an answer out of memory to one that waited for a slow disk. */
const BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]

/**
 * Counts and times requests by route and kind of answer. Routes are those that are registered, never what a caller wrote,
 * so the number of series is bounded by the code.
 */
export function measureRequests(app: App, controller: Controller): void {
  const registers = [controller.metrics]
  const seconds = new Histogram({
    name: 'weft_http_request_seconds',
    help: 'Time to answer REST requests.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers,
  })
  app.addHook('onResponse', async ({ method, routeOptions }, { statusCode, elapsedTime }) => {
    const status = `${Math.floor(statusCode / 100)}xx`
    seconds.observe({ method, route: routeOptions.url ?? 'unknown', status }, elapsedTime / 1_000)
  })
  const gauge = (name: string, help: string, value: () => boolean) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value() ? 1 : 0)
      },
    })
  gauge(
    'weft_ready',
    'What /readyz says: 1 or 0. It is 1 on a full disk of its own, where agents are served.',
    () => controller.isReady(),
  )
  gauge(
    'weft_takes_changes',
    'Whether changes can be made: 1 or 0. A full disk shows at the first change that it refuses.',
    () => controller.takesChanges(),
  )
}
