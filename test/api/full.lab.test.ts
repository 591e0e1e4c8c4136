import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { fill, mountSmall, whyNoMount as skip } from '../chaos/full.ts'
import { scratch } from '../log/fixture.ts'
import { Place } from './fixture.ts'

it('monitoring is told that a full disk takes no changes, and supervisors that it serves', {
  skip,
}, async () => {
  await using dir = await scratch()
  const small = join(dir.path, 'small')
  using _ = mountSmall(small, 4_096)
  const dataDir = join(small, 'data')
  mkdirSync(dataDir)
  await using place = await Place.open({ dataDir })
  const told = async () => {
    const { text } = await place.get('/metrics')
    const value = (name: string) => Number(new RegExp(`^${name} (\\d)$`, 'm').exec(text)?.[1])
    return [value('weft_takes_changes'), value('weft_ready'), (await place.get('/readyz')).status]
  }
  assert.deepEqual(await told(), [1, 1, 200])

  const filler = join(small, 'filler')
  fill(filler)
  let status = 0
  for (let number = 0; number < 300 && status !== 503; number++) {
    status = (await place.post('/v1/projects', { name: `p${number}` })).status
  }
  assert.equal(status, 503)
  assert.deepEqual(await told(), [0, 1, 200])
  assert.equal((await place.get('/v1/projects')).status, 200)

  rmSync(filler)
  assert.deepEqual(await told(), [1, 1, 200])
  assert.equal((await place.post('/v1/projects', { name: 'after' })).status, 201)
})
