import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openHome } from '../../src/agent/home.ts'
import { keptParting, NODE_REMOVED } from '../../src/agent/kept.ts'
import { agentSettings } from '../../src/agent/settings.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { ID_BYTES, toNetworkId } from '../../src/model/names.ts'
import { loadSettings } from '../../src/settings.ts'

const LEAVER = fileURLToPath(new URL('leaver.ts', import.meta.url))

it('An agent that has left lives until what was left is gone, and then says that it has joined no controller', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'weft-remains-'))
  try {
    const home = await openHome(
      loadSettings(agentSettings, { environment: {}, flags: { stateDir } }),
      systemRandom,
    )
    await home.rewrite(toNetworkId(systemRandom(ID_BYTES)), [keptParting(NODE_REMOVED)])
    // What cannot be read keeps nothing from being said and done.
    const damaged = toNetworkId(systemRandom(ID_BYTES))
    await mkdir(join(stateDir, 'networks', `${damaged}.jsonl`))
    // Nothing but the agent keeps that process alive; it rejects for any exit code other than 0.
    const { stdout } = await promisify(execFile)(process.execPath, [LEAVER, stateDir], { timeout: 30_000 })
    assert.match(stdout, /^3 tries, then This node has not joined a controller yet/)
    assert.deepEqual([...(await home.journals()).keys()], [damaged])
  } finally {
    await rm(stateDir, { recursive: true, force: true })
  }
})
