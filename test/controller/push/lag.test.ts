import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RawAgent } from '../../rawagent.ts'
import { eventually, type Rig, startRig } from '../../rig.ts'

describe('The time from a change to its application', () => {
  it('is measured for a newcomer and for those who hear of it, and not for who just connects', async () => {
    await using rig = await startRig()
    await rig.createNetwork({ name: 'demo' })
    const join = await rig.joinToken({ uses: 2 })
    for (const name of ['first', 'second']) rig.startAgent({ join, name })
    await eventually('both are there', () => rig.controller.state.nodes.size === 2)
    assert.deepEqual(await counts(rig), { delivered: 0, applied: 0 })
    await rig.addMember('demo', 'first')
    await eventually('it counts', async () => (await counts(rig)).applied === 1)
    await rig.addMember('demo', 'second')
    await eventually('it counts for both', async () => (await counts(rig)).applied === 3)
    assert.deepEqual(await counts(rig), { delivered: 3, applied: 3 })
    const token = await rig.joinToken({ networks: ['demo'] })
    using third = await RawAgent.join(token, { name: 'third' })
    await eventually('it has all', () => third.framesOf('snapshot').length === 1)
    await eventually('the others have applied that', async () => (await counts(rig)).applied === 5)
    assert.deepEqual(await counts(rig), { delivered: 5, applied: 5 })
  })
})

async function counts({
  controller,
}: Rig): Promise<{ readonly delivered: number; readonly applied: number }> {
  const of = async (what: string) => {
    const metric = await controller.metrics.getSingleMetric(`weft_change_${what}_seconds`)?.get()
    return metric?.values.find(({ labels }) => labels.le === '+Inf')?.value ?? 0
  }
  return { delivered: await of('delivered'), applied: await of('applied') }
}
