import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { programFile } from '../../src/lab/program.ts'
import { CONTROLLER } from '../../src/lab/topology.ts'
import { startProgram } from '../lab/program.ts'
import { createNetwork, openDemo, stopInOrder } from './demo.ts'

const WEFT = [process.execPath, programFile()]

test('a byte that was changed in the log of a stopped controller is named, and the controller refuses to start', async () => {
  await using demo = await openDemo({ nodes: 1, isolated: false })
  // The first entry is the controller's own; these are the second and the third.
  for (const name of ['first', 'second']) await createNetwork(demo.client, { name })
  await stopInOrder(demo.controller.daemon)
  const data = join(demo.lab.host(CONTROLLER).dir, 'data')
  assert.deepEqual(await weft('log', 'verify', '--data-dir', data), { code: 0, entries: '3' })

  flip(join(data, 'log.db'), '"first"')
  const bad = /Entry 2 of the log is not what was written: its hash does not fit the chain/
  const verify = startProgram([...WEFT, 'log', 'verify', '--data-dir', data])
  assert.equal(await verify.code, 1)
  assert.match(verify.output(), bad)
  await assert.rejects(demo.startController(), { code: 'program-failed', message: bad })
})

/** Runs a command to its end; gives the count of entries that it prints. */
async function weft(
  ...args: readonly string[]
): Promise<{ code: number | null; entries: string | undefined }> {
  const program = startProgram([...WEFT, ...args])
  const code = await program.code
  return { code, entries: program.output().match(/entries\s+(\d+)/i)?.[1] }
}

/** Changes one bit behind the first place where `text` stands in a file. */
function flip(file: string, text: string): void {
  const bytes = readFileSync(file)
  const at = bytes.indexOf(text) + 1
  assert.ok(at > 0)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(file, bytes)
}
