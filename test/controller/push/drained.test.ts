import assert from 'node:assert/strict'
import { it } from 'node:test'
import { nodeId } from '../../model/history.ts'
import { NETWORK } from '../../topology/policy/play.ts'
import { FeedWorld } from './feed-world.ts'
import { MUCH, sessionIn } from './session-in.ts'

it('an agent that reads again is looked at when all is sent that is due to it, were it nothing', () => {
  const world = new FeedWorld()
  world.come(1, 2)
  const own = nodeId(2)
  const answered: boolean[] = []
  const isAnswered = (): boolean => session.hasAnswered(NETWORK, world.feed(own))
  const { session, line } = sessionIn(world, own, () => answered.push(isAnswered()))
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
