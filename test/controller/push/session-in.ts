import { pino } from 'pino'
import { Registry } from 'prom-client'
import { Bounds } from '../../../src/controller/push/bounds.ts'
import { Lag } from '../../../src/controller/push/lag.ts'
import { Session } from '../../../src/controller/push/session.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { SecretBytes } from '../../../src/keys/secret.ts'
import { SigningKey } from '../../../src/keys/signature.ts'
import { Line } from '../../disorder/line.ts'
import type { FeedWorld } from './feed-world.ts'

export const signing = new SigningKey(new SecretBytes(new Uint8Array(32).fill(3)))
/** More than a session puts into a socket that nobody reads. */
export const MUCH = 'x'.repeat(1_100_000)

/** The session of one agent, on a line that can be stalled. */
export function sessionIn(world: FeedWorld, own: NodeId, onDrained: () => void = () => undefined) {
  const line = new Line()
  const session = new Session(own, line.controller, {
    clock: world.clock,
    signing,
    bounds: new Bounds(world.clock),
    heartbeatSeconds: 10,
    readsPacked: false,
    readsFilterParts: true,
    log: pino({ level: 'silent' }),
    state: () => world.state,
    feed: (network, node) => world.feeds.get(network, node),
    lan: (network, node, told) => world.feeds.lan(network, node, told, true),
    sent: () => undefined,
    onDrained,
    lag: new Lag(new Registry(), () => world.clock.monotonic()),
  })
  return { session, line }
}
