import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dial } from '../../../src/agent/dial.ts'
import { systemRandom } from '../../../src/keys/random.ts'
import { type AgentFrame, encodeFrame, type Facts } from '../../../src/protocol/frames.ts'
import { parseJoinToken } from '../../../src/protocol/jointoken.ts'
import { RawAgent } from '../../rawagent.ts'
import { eventually, startRig } from '../../rig.ts'

/** One agent with a newer session, that reads nothing of the one before. */
async function openScene() {
  const rig = await startRig()
  const { id: network } = await rig.createNetwork({ name: 'demo' })
  const token = await rig.joinToken({ networks: ['demo'] })
  const { identity } = await RawAgent.join(token, { name: 'one' })
  const facts: Facts = { addresses: [], mtu: 1_500, ports: [], device: 'memory', version: '0' }
  const ticket = parseJoinToken(token)
  const tools = { identity, random: systemRandom, allowPlain: false }
  const { socket } = await dial(rig.url, ticket, { networks: [], facts }, tools)
  socket.pause()
  const latest = await RawAgent.return(token, identity, [])
  const refusal = (reason: string): AgentFrame => ({
    type: 'refused',
    ...{ network, epoch: 1, revision: 1, code: 'conflict', reason },
  })
  const close = () => {
    socket.terminate()
    latest[Symbol.dispose]()
    return rig[Symbol.asyncDispose]()
  }
  return { rig, socket, latest, refusal, [Symbol.asyncDispose]: close }
}

describe('A session that was replaced, and whose agent does not close it', () => {
  it('is heard no more', async () => {
    await using scene = await openScene()
    const { rig, socket, latest, refusal } = scene
    await new Promise((sent) => socket.send(encodeFrame(refusal('of before')), sent))
    const refused = () => rig.lines.filter((line) => line.includes('agent could not apply'))
    latest.send(refusal('of now'))
    await eventually('the latest is heard', () => refused().some((line) => line.includes('of now')))
    for (let round = 0; round < 10; round++) await new Promise(setImmediate)
    assert.ok(!refused().some((line) => line.includes('of before')))
  })

  it('is read no faster than any other', async () => {
    await using scene = await openScene()
    const { rig, socket, refusal } = scene
    const start = performance.now()
    for (let at = 0; at < 6_500; at++) socket.send(encodeFrame(refusal('of before')))
    // Behind all that, it answers to the closing.
    socket.resume()
    const left = () => rig.lines.filter((line) => line.includes('agent left')).length
    await eventually('all was read', () => left() === 2, 20_000)
    const took = performance.now() - start
    assert.ok(took > 900, `all was read within ${Math.round(took)} ms`)
  })
})
