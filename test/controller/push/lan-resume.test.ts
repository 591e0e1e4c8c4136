import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { NetworkId } from '../../../src/model/names.ts'
import type { ControllerFrameOf, LanHint, ResumePosition } from '../../../src/protocol/frames.ts'
import { HintSet } from '../../../src/protocol/hints.ts'
import { lanDigest } from '../../../src/protocol/lans.ts'
import { RawAgent } from '../../rawagent.ts'
import { eventually, type Rig, startRig } from '../../rig.ts'
import { positionOf } from './position.ts'

describe('A member of a LAN', () => {
  it('that comes back from elsewhere hears nothing of those who are where it was', async () => {
    await using rig = await startRig()
    const { network, token, join } = await hall(rig)
    const one = await join('one', '10.50.0.1/16')
    using two = await join('two', '10.50.0.2/16')
    await eventually('they know of each other', () => two.lan(network, one.node))
    one[Symbol.dispose]()
    await eventually('it is away', () => !rig.controller.status.node(one.node).online)
    using three = await join('three', '10.50.0.3/16')
    await eventually('three is one of them', () => two.lan(network, three.node))
    using back = await RawAgent.return(token, one.identity, [], factsAt(network, '172.20.9.9/24'), rig.url)
    await eventually('it has the members', () => back.view(network).size === 3)
    await allLookedAt(back, network)
    assert.deepEqual(back.framesOf('lan'), [])
    await eventually('it is no neighbour any more', () => two.lan(network, one.node) === undefined)
  })

  it('that may have more of it than it says is told that there is nothing any more, and no other is', async () => {
    await using rig = await startRig()
    const { network, token, join } = await hall(rig)
    using one = await join('one', '10.50.0.1/16')
    using two = await join('two', '10.50.0.2/16')
    await eventually('they know of each other', () => one.lan(network, two.node))
    two.report(factsAt(network, '172.20.9.9/24'))
    await eventually('two is gone', () => one.lan(network, two.node) === undefined)
    // All on a LAN are told with the same bytes, of themselves as well.
    const withoutItself = ({ hints, part }: ControllerFrameOf<'lan'>) => ({
      others: hints.filter(({ node }) => node !== one.node),
      isWhole: !part,
    })
    const isTold = async (position: ResumePosition | undefined) => {
      const before = one.framesOf('lan').length
      one.send({ type: 'resync', network, ...(position && { position }) })
      await allLookedAt(one, network)
      return one.framesOf('lan').slice(before).map(withoutItself)
    }
    const position = positionOf(rig, one, network)
    const { digest: _, ...vague } = position
    const nothing = [{ others: [], isWhole: true }]
    assert.deepEqual(await isTold(undefined), nothing)
    assert.deepEqual(await isTold(vague), nothing)
    assert.deepEqual(await isTold(position), [])
    one[Symbol.dispose]()
    using back = await RawAgent.return(token, one.identity, [], factsAt(network, '10.50.0.1/16'), rig.url)
    await eventually('it has the members', () => back.view(network).size === 2)
    await allLookedAt(back, network)
    assert.deepEqual(back.framesOf('lan'), [])
  })

  it('that says what it had before a part that is on its way does not keep what that part said', async () => {
    // What comes after the part is gathered for so long that what the agent says comes in before.
    await using rig = await startRig({ gatherMilliseconds: 200 })
    const { network, join } = await hall(rig)
    using one = await join('one', '10.50.0.1/16')
    using two = await join('two', '10.50.0.2/16')
    const knows = (port: number) => () => one.lan(network, two.node)?.[0] === `10.50.0.2:${port}`
    await eventually('they know of each other', knows(51_820))
    await allLookedAt(one, network)
    const position = { ...positionOf(rig, one, network), ...lanOf(one, network) }
    const at = (port: number) => ({ addresses: ['10.50.0.2/16'], ports: [{ network, port }] })
    two.report(at(51_821))
    await eventually('the part has come', knows(51_821))
    two.report(at(51_820))
    await allLookedAt(two, network)
    one.send({ type: 'resync', network, position })
    await eventually('it knows where two is', knows(51_820))
  })
})

/** Of what it was told, itself left out. */
function lanOf(agent: RawAgent, network: NetworkId): Pick<ResumePosition, 'lan'> {
  const hints = new HintSet<LanHint>()
  for (const { node } of agent.view(network).records()) {
    const endpoints = agent.lan(network, node)
    if (endpoints && node !== agent.node) hints.put({ node, endpoints: [...endpoints] })
  }
  const lan = lanDigest({ size: hints.size, digest: () => hints.digest() }, undefined)
  return lan === undefined ? {} : { lan }
}

/** A network whose members are all at one site. */
async function hall(rig: Rig) {
  const { id } = await rig.createNetwork({ name: 'demo' })
  const network = id as NetworkId
  const token = await rig.joinToken({ networks: ['demo'], uses: 9, labels: { site: 'hall' } })
  const join = (name: string, address: string) =>
    RawAgent.join(token, { name, facts: factsAt(network, address), url: rig.url })
  return { network, token, join }
}

function factsAt(network: NetworkId, address: string) {
  return { addresses: [address], ports: [{ network, port: 51_820 }] }
}

/** Only a relay may be a witness, so the answer is a refusal, behind all that was due before. */
async function allLookedAt(agent: RawAgent, network: NetworkId): Promise<void> {
  const before = agent.framesOf('error').length
  agent.witness(network, [])
  await eventually('all was looked at', () => agent.framesOf('error').length > before)
}
