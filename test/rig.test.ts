import assert from 'node:assert/strict'
import { it } from 'node:test'
import { eventually } from './rig.ts'

it('what is waited for is not there while there is 0 of it, or a text without a letter', async () => {
  const found = [undefined, false, 0, '', null, 'all of it']
  assert.equal(await eventually('it is there', () => found.shift()), 'all of it')
})
