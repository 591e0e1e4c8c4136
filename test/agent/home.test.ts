import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type Home, openHome } from '../../src/agent/home.ts'
import { agentSettings } from '../../src/agent/settings.ts'
import { WeftError } from '../../src/errors.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { ID_BYTES, toNetworkId } from '../../src/model/names.ts'
import { loadSettings } from '../../src/settings.ts'

const network = toNetworkId(new Uint8Array(ID_BYTES))
const none = loadSettings(agentSettings, { environment: {}, flags: {} })

async function scratch() {
  const stateDir = await mkdtemp(join(tmpdir(), 'weft-home-'))
  return {
    journal: join(stateDir, 'networks', `${network}.jsonl`),
    open: () => openHome({ ...none, stateDir }, systemRandom),
    [Symbol.asyncDispose]: () => rm(stateDir, { recursive: true, force: true }),
  }
}

async function linesIn(home: Home): Promise<readonly string[]> {
  const lines = (await home.journals()).get(network) ?? []
  if (lines instanceof WeftError) throw lines
  return lines
}

/** Bytes to which this process can make a file grow. */
function limitFiles(bytes: number | 'unlimited'): void {
  execFileSync('/usr/bin/prlimit', [`--fsize=${bytes}:`, '--pid', `${process.pid}`])
}

describe('The journal of a network on the disk', () => {
  it('goes on behind its last whole line after a crash in the middle of one', async () => {
    await using place = await scratch()
    await (await place.open()).append(network, 'one')
    await appendFile(place.journal, 'tw')
    const home = await place.open()
    assert.deepEqual(await linesIn(home), ['one'])
    for (const line of ['two', 'three']) await home.append(network, line)
    assert.deepEqual(await linesIn(await place.open()), ['one', 'two', 'three'])
  })

  it('goes on behind its last whole line when the disk had room for a part of one', async () => {
    await using place = await scratch()
    const home = await place.open()
    await home.append(network, 'one')
    limitFiles(6)
    try {
      await assert.rejects(home.append(network, 'two'), { code: 'EFBIG' })
      assert.equal(await readFile(place.journal, 'utf8'), 'one\ntw')
    } finally {
      limitFiles('unlimited')
    }
    for (const line of ['two', 'three']) await home.append(network, line)
    assert.deepEqual(await linesIn(await place.open()), ['one', 'two', 'three'])
  })
})
