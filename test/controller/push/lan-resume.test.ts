import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { NetworkId } from '../../../src/model/names.ts'
import type { ControllerFrameOf, ResumePosition } from '../../../src/protocol/frames.ts'
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
    await eventually('it is away', () => !rig.controller.nodeStatus(one.node).online)
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
})

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
