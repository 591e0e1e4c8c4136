import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { EMPTY, entryOf, headOf, link, type Row } from '../../src/log/chain.ts'
import { Journal } from '../../src/log/redis/journal.ts'
import { change, scratch } from '../log/fixture.ts'

it('what a journal of an earlier run knows and nobody has any more is not given back as nothing', async () => {
  await using dir = await scratch()
  const path = join(dir.path, 'journal.json')
  const rows: Row[] = []
  for (let at = 0; at < 10; at++) rows.push(link(headOf(rows.at(-1) ?? EMPTY), change(at + 1)))
  const [fifth, ninth, tenth] = [4, 8, 9].map((at) => headOf(rows[at] ?? EMPTY))
  assert.ok(fifth && ninth && tenth)
  await writeFile(path, JSON.stringify({ realm: 'test', ...tenth }))
  await using journal = new Journal(path, 'test')
  journal.begin(fifth)
  for (const row of rows.slice(5, 9)) journal.take(row, entryOf(change(row.sequence), row))
  assert.deepEqual([journal.head, journal.known], [ninth, tenth])
  assert.equal(journal.rowsAfter(9), undefined, 'the tenth is not here')
  assert.equal(journal.rowsAfter(7), undefined)
  for (const row of rows.slice(9)) journal.take(row, entryOf(change(row.sequence), row))
  assert.deepEqual(journal.rowsAfter(7), rows.slice(7))
  assert.deepEqual(journal.rowsAfter(10), [])
})

it('a journal keeps no more of the last entries than it says, however long it goes on', async () => {
  await using journal = new Journal()
  let last = EMPTY
  for (let at = 1; at <= 8_200; at++) {
    const row = link(last, change(at))
    journal.take(row, entryOf(change(at), row))
    last = headOf(row)
  }
  assert.deepEqual([journal.rows().length, journal.rows()[0]?.sequence], [8_192, 9])
  assert.deepEqual([journal.find('op-8'), journal.find('op-9')?.sequence], [undefined, 9])
})
