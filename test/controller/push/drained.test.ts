import assert from 'node:assert/strict'
import { it } from 'node:test'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { Bounds } from '../../../src/controller/push/bounds.ts'
import { Lag } from '../../../src/controller/push/lag.ts'
import { Session } from '../../../src/controller/push/session.ts'
import { SecretBytes } from '../../../src/keys/secret.ts'
import { SigningKey } from '../../../src/keys/signature.ts'
import { Line } from '../../disorder/line.ts'
import { nodeId } from '../../model/history.ts'
import { NETWORK } from '../../topology/policy/play.ts'
import { FeedWorld } from './feed-world.ts'

/** More than a session puts into a socket that nobody reads. */
const MUCH = 'x'.repeat(1_100_000)

it('an agent that reads again is looked at when all is sent that is due to it, were it nothing', () => {
  const world = new FeedWorld()
  world.come(1, 2)
  const own = nodeId(2)
  const line = new Line()
  const answered: boolean[] = []
  const isAnswered = () => session.hasAnswered(NETWORK, world.feed(own))
  const session: Session = new Session(own, line.controller, {
    clock: world.clock,
    signing: new SigningKey(new SecretBytes(new Uint8Array(32).fill(3))),
    bounds: new Bounds(world.clock),
    heartbeatSeconds: 10,
    readsPacked: false,
    readsFilterParts: true,
    log: pino({ level: 'silent' }),
    state: () => world.state,
    feed: (network, node) => world.feeds.get(network, node),
    lan: (network, node, told) => world.feeds.lan(network, node, told, true),
    sent: () => undefined,
    lag: new Lag(new Registry(), () => world.clock.monotonic()),
    onDrained: () => answered.push(isAnswered()),
  })
  session.resume([])
  const applied = () => {
    const { revision } = session.cursor(NETWORK) ?? assert.fail()
    session.applied({ network: NETWORK, epoch: world.state.epoch, revision, digest: '' })
  }
  applied()
  line.stall()
  session.send({ type: 'error', code: 'internal', message: MUCH })
  session.flush(NETWORK)
  line.flow()
  assert.deepEqual(answered, [true], 'nothing was due')

  line.stall()
  session.send({ type: 'error', code: 'internal', message: MUCH })
  world.come(3)
  session.flush(NETWORK)
  line.flow()
  assert.deepEqual(answered, [true, false], 'that it was told, it has to answer')
  applied()
  assert.ok(isAnswered())
})
