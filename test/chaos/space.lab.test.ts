import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { verifyLog } from '../../src/log/verify.ts'
import { scratch } from '../log/fixture.ts'
import { allApplied, eventually, startRig } from '../rig.ts'
import { fill, mountSmall, whyNoMount as skip } from './full.ts'

describe('a controller whose disk is full', { skip }, () => {
  it('refuses changes in clear words, serves its agents, and takes changes again when there is space', async () => {
    await using dir = await scratch()
    const small = join(dir.path, 'small')
    using _ = mountSmall(small, 4_096)
    const dataDir = join(small, 'data')
    mkdirSync(dataDir)
    await using rig = await startRig({ dataDir })
    await rig.createNetwork({ name: 'before' })
    rig.startAgent({ join: await rig.joinToken({ networks: ['before'], uses: 1 }), name: 'a' })
    await eventually('the agent has it', () => memberIn('before'), 20_000)

    const filler = join(small, 'filler')
    fill(filler)
    let refused = 0
    for (let number = 0; number < 300 && refused < 3; number++) {
      const made = rig.createNetwork({
        name: `full-${number}`,
        ipv4: `172.${16 + (number >> 8)}.${number & 255}.0/24`,
        nodePrefixLength: 28,
      })
      const error = await made.then(
        () => undefined,
        (cause: { code: string; message: string }) => cause,
      )
      if (!error) continue
      refused++
      assert.deepEqual([error.code, /No space is left/.test(error.message)], ['store-unavailable', true])
    }
    assert.equal(refused, 3)
    const { sequence } = rig.controller.state
    assert.ok(rig.controller.isReady() && memberIn('before'), 'the agent is served')

    rmSync(filler)
    await rig.createNetwork({ name: 'after', ipv4: '172.31.0.0/24', nodePrefixLength: 28 })
    await rig.addMember('after', 'a')
    await eventually('the agent has the new one', () => memberIn('after'), 20_000)
    assert.equal(rig.controller.state.sequence, sequence + 2, 'nothing that was refused is there')
    assert.equal((await verifyLog(join(dataDir, 'log.db'))).head.sequence, sequence + 2)

    function memberIn(name: string): boolean {
      const network = [...rig.controller.state.networks.values()].find((each) => each.name === name)
      return network?.members.size === 1 && allApplied(rig.controller, name)
    }
  })
})
