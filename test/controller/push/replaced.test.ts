import assert from 'node:assert/strict'
import { it } from 'node:test'
import { dial } from '../../../src/agent/dial.ts'
import { systemRandom } from '../../../src/keys/random.ts'
import { encodeFrame, type Facts } from '../../../src/protocol/frames.ts'
import { parseJoinToken } from '../../../src/protocol/jointoken.ts'
import { RawAgent } from '../../rawagent.ts'
import { eventually, startRig } from '../../rig.ts'

it('A session that was replaced is heard no more, though its agent does not close it', async () => {
  await using rig = await startRig()
  const { id: network } = await rig.createNetwork({ name: 'demo' })
  const token = await rig.joinToken({ networks: ['demo'] })
  const { identity } = await RawAgent.join(token, { name: 'one' })
  const facts: Facts = { addresses: [], mtu: 1_500, ports: [], device: 'memory', version: '0' }
  const ticket = parseJoinToken(token)
  const tools = { identity, random: systemRandom, allowPlain: false }
  const { socket } = await dial(rig.url, ticket, { networks: [], facts }, tools)
  socket.pause()
  using latest = await RawAgent.return(token, identity, [])
  const say = (reason: string) =>
    encodeFrame({ type: 'refused', network, epoch: 1, revision: 1, code: 'conflict', reason })
  await new Promise((sent) => socket.send(say('of before'), sent))
  const refused = () => rig.lines.filter((line) => line.includes('agent could not apply'))
  latest.send({ type: 'refused', network, epoch: 1, revision: 1, code: 'conflict', reason: 'of now' })
  await eventually('the latest is heard', () => refused().some((line) => line.includes('of now')))
  for (let round = 0; round < 10; round++) await new Promise(setImmediate)
  assert.ok(!refused().some((line) => line.includes('of before')))
  socket.terminate()
})
