import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deleteNetwork } from '../../../src/controller/commands/network.ts'
import { setPolicy } from '../../../src/controller/commands/policy.ts'
import { setRoles } from '../../../src/controller/commands/role.ts'
import { COMPARE_PARTS, isTurnOf } from '../../../src/controller/push/comparison.ts'
import { systemRandom } from '../../../src/keys/random.ts'
import type { PublicKey } from '../../../src/keys/wireguard.ts'
import type { NetworkId } from '../../../src/model/names.ts'
import { witnessDigest } from '../../../src/protocol/comparison.ts'
import { openRemoval, openWitnessList } from '../../../src/protocol/content.ts'
import { encodeFrame, type Facts, type ResumePosition } from '../../../src/protocol/frames.ts'
import { newIdentity } from '../../disorder/crowd.ts'
import { raiseEpoch } from '../../epoch.ts'
import { findNode } from '../../lookup.ts'
import { RawAgent } from '../../rawagent.ts'
import { eventually, type Rig, startRig } from '../../rig.ts'
import { positionOf } from './position.ts'

const FACTS: Facts = { addresses: [], mtu: 1_500, ports: [], device: 'memory', version: '0' }

describe('What an agent says it has', () => {
  it('is answered with one head, in less than 1 KB, when that is all there is', async () => {
    await using rig = await startRig()
    const { network, agent } = await member(rig)
    using _ = agent
    const position = positionOf(rig, agent, network)
    const known = agent.frames.length
    say(agent, [position])
    await eventually('it is answered', () => agent.frames.length > known)
    say(agent, [position])
    await eventually('it is answered again', () => agent.frames.length > known + 1)
    const answers = agent.frames.slice(known)
    assert.deepEqual(new Set(answers.map(({ type }) => type)), new Set(['current']))
    for (const frame of answers) assert.ok(encodeFrame(frame).length < 1_024)
  })

  it('is made whole where something of it is missing: its own record, its LAN, or all', async () => {
    await using rig = await startRig()
    const { network, agent } = await member(rig)
    using _ = agent
    const position = positionOf(rig, agent, network)
    for (const [claim, answer] of [
      [[{ ...position, self: 0 }], 'self'],
      [[{ ...position, lan: 'A'.repeat(22) }], 'lan'],
      [[{ network, epoch: 1, revision: position.revision, self: position.self ?? 0 }], 'snapshot'],
      [[], 'snapshot'],
    ] as const) {
      const known = agent.framesOf(answer).length
      say(agent, claim)
      await eventually(`${answer} is told`, () => agent.framesOf(answer).length > known)
    }
  })

  it('is what it is told it has lost, when it is no member', async () => {
    await using rig = await startRig()
    const { network, agent } = await member(rig)
    using _ = agent
    const position = positionOf(rig, agent, network)
    await rig.removeMember('demo', 'first')
    await eventually('it is told', () => agent.framesOf('removed').length === 1)
    const { digest: _digest, ...something } = position
    for (const claim of [position, something]) {
      const [asked, told] = [agent.framesOf('prove').length, agent.framesOf('removed').length]
      say(agent, [claim])
      await eventually('it is to show what it has', () => agent.framesOf('prove').length > asked)
      agent.prove(network)
      await eventually('it is told again', () => agent.framesOf('removed').length > told)
    }
  })

  it('does not tell who is no member any more what became of the network since, whatever it claims', async () => {
    await using rig = await startRig()
    const { network, agent } = await member(rig)
    using _ = agent
    const claim = { ...positionOf(rig, agent, network), network }
    await rig.removeMember('demo', 'first')
    await eventually('it is told', () => agent.framesOf('removed').length === 1)
    const { signing } = rig.controller.authority
    const seen = await allAnswers(agent, claim)
    const change: typeof rig.controller.change = (...asked) => rig.controller.change(...asked)
    const events: Record<string, () => Promise<unknown>> = {
      'another policy': () =>
        change({ actor: 'test' }, (state) =>
          setPolicy(state, network, { default: 'deny', rules: [{ from: 'a=1', to: '*' }] }),
        ),
      'others came': async () =>
        (await RawAgent.join(await rig.joinToken({ networks: ['demo'] }), { name: 'second' }))[
          Symbol.dispose
        ](),
      'another epoch': () => raiseEpoch(rig.controller),
      'the network is gone': () => change({ actor: 'test' }, (state) => deleteNetwork(state, network)),
    }
    for (const [what, happen] of Object.entries(events)) {
      await happen()
      assert.deepEqual(await allAnswers(agent, claim), seen, what)
    }
    const removals = agent.framesOf('removed').slice(1)
    const points = removals.map((frame) => openRemoval(frame, signing.publicKey))
    for (const { epoch, revision } of points)
      assert.deepEqual({ epoch, revision }, { epoch: claim.epoch, revision: claim.revision })
    assert.equal(points.length, Object.keys(events).length + 1)
  })

  it('has to be proven each time when it is more than the log has', async () => {
    await using rig = await startRig()
    const { network, agent } = await member(rig)
    using _ = agent
    const position = positionOf(rig, agent, network)
    const known = agent.frames.length
    for (let time = 1; time <= 2; time++) {
      say(agent, [{ ...position, revision: position.revision + 9 }])
      await eventually('a proof is asked for', () => agent.framesOf('prove').length === time)
    }
    assert.deepEqual(new Set(agent.frames.slice(known).map(({ type }) => type)), new Set(['prove']))
    say(agent, [position])
    await eventually('it goes on from where it is', () => agent.frames.at(-1)?.type === 'current')
  })

  it('as a relay is made whole when its digest is another, and not told again else', async () => {
    await using rig = await startRig()
    const { network, agent } = await member(rig)
    using _ = agent
    const facts = { ...FACTS, addresses: ['192.168.1.2/24'], ports: [{ network, port: 51_820 }] }
    agent.report(facts)
    await give(rig, 'first', ['relay'])
    const key = () => rig.controller.state.networks.get(network)?.members.get(agent.node)?.publicKey
    await eventually('it is a witness', () =>
      witnessesOf(rig, agent)
        .at(-1)
        ?.some((one) => one === key()),
    )
    const known = witnessesOf(rig, agent)
    const whole = known.at(-1) ?? []
    agent.send({ type: 'have', networks: [], facts, witnesses: witnessDigest(whole) ?? '' })
    agent.send({ type: 'have', networks: [], facts })
    await eventually('it is told the whole list', () => witnessesOf(rig, agent).length > known.length)
    assert.deepEqual(witnessesOf(rig, agent).slice(known.length), [whole])
    await give(rig, 'first', [])
    agent.send({ type: 'have', networks: [], facts, witnesses: 'A'.repeat(22) })
    await eventually('it is none any more', () => witnessesOf(rig, agent).at(-1)?.length === 0)
  })

  it('is asked of every node once in an hour, whoever else is there', () => {
    for (let many = 0; many < 50; many++) {
      const { id } = newIdentity()
      const first = systemRandom(1)[0] ?? 0
      const turns = Array.from({ length: COMPARE_PARTS }, (_, turn) => isTurnOf(id, first + turn))
      assert.equal(turns.filter(Boolean).length, 1)
    }
  })
})

async function member(rig: Rig) {
  const { id: network } = await rig.createNetwork({ name: 'demo' })
  const agent = await RawAgent.join(await rig.joinToken({ networks: ['demo'] }), { name: 'first' })
  await eventually('it knows itself', () => agent.view(network).size === 1)
  return { network, agent }
}

function say(agent: RawAgent, networks: readonly ResumePosition[]): void {
  agent.send({ type: 'have', networks: [...networks], facts: FACTS })
}

/** What an agent hears that claims whatever there is to be claimed, and then shows what it has. */
async function allAnswers(agent: RawAgent, position: ResumePosition & { readonly network: NetworkId }) {
  const { network, epoch, revision } = position
  const known = agent.frames.length
  // All of it together is less than what one agent may ask for at once.
  const claims = [-1, 0, 1, 3].map((more) => ({ ...position, revision: revision + more }))
  for (const claim of [...claims, { ...position, epoch: epoch - 1 }, { ...position, epoch: epoch + 1 }]) {
    agent.send({ type: 'resync', network, position: claim })
    say(agent, [claim])
  }
  agent.send({ type: 'resync', network })
  agent.prove(network)
  // Refused in any case, and after all else was answered.
  agent.witness(network, [])
  await eventually('all is answered', () => agent.frames.slice(known).some(({ type }) => type === 'error'))
  return agent.frames.slice(known)
}

/** The keys in each list that a relay was told. */
function witnessesOf(rig: Rig, agent: RawAgent): PublicKey[][] {
  const key = rig.controller.authority.signing.publicKey
  return agent
    .framesOf('witness')
    .map((frame) => openWitnessList(frame, key).added.map(({ publicKey }) => publicKey))
}

async function give(rig: Rig, node: string, roles: readonly 'relay'[]): Promise<void> {
  await rig.controller.change({ actor: 'test' }, (state, tools) =>
    setRoles(state, tools, findNode(state, node).id, roles),
  )
}
