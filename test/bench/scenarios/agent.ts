import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildLab } from '../../../src/lab/lab.ts'
import { flat } from '../../../src/lab/topology.ts'
import { uniqueId } from '../../lab/leftovers.ts'
import { startHelper } from '../helper.ts'
import { type Result, round, type Scenario } from '../scenario.ts'
import type { AgentCalls, Taken } from '../stage/agent-process.ts'
import { against, median, spread } from '../stage/timing.ts'

const PROGRAM = fileURLToPath(new URL('../stage/agent-process.ts', import.meta.url))
/** Each waits until the looks at the one before are over. */
const SAMPLES = 4
/** Shorter than the usual beat between two reports. */
const REST_MS = 5_000

/** With the WireGuard that this machine has, in a namespace of its own. */
export const agent: Scenario = {
  name: 'agent',
  work: 'an agent takes a snapshot of N peers, then changes of one, and then nothing',
  goal: 'snapshot of 5,000 < 1 s; a change < 20 ms and <= 2 program runs; at rest none but for the report',
  needsRoot: true,
  async run({ agents: peers = 5_000, samples = SAMPLES, profile, say }) {
    say(`agent: ${peers} peers`)
    await using lab = await buildLab(flat(1), { id: `a${uniqueId()}`, isolated: true })
    const { namespace } = lab.host('node-1')
    const stateDir = await mkdtemp(join(tmpdir(), 'weft-bench-'))
    await using helper = await startHelper<AgentCalls>(PROGRAM, namespace ? { namespace } : {})
    try {
      await helper.call('prepare', peers, 'auto', stateDir)
      const floor = await helper.call('byHand', peers)
      if (profile !== undefined) await helper.call('startProfile')
      const whole = await helper.call('snapshot')
      // The looks at a plan that is new are programs, too.
      const idle = await helper.call('runsAtRest', REST_MS)
      const [changes, floors]: [Taken[], Taken[]] = [[], []]
      for (let sample = 0; sample < samples; sample++) {
        if (sample > 0) await helper.call('runsAtRest', 0)
        changes.push(await helper.call('addOne'), await helper.call('removeOne'))
        floors.push(await helper.call('oneByHand'))
      }
      if (profile !== undefined) await helper.call('stopProfile', join(profile, `agent-${peers}.cpuprofile`))
      await helper.call('end')
      return [
        {
          scenario: 'agent',
          peers,
          ...spread([whole.ms]),
          floorMs: round(floor.ms),
          ratio: round(whole.ms / floor.ms),
          notes: [
            `the snapshot, by ${whole.runs} program runs; the floor gives the same peers to wg by hand, by ${floor.runs}`,
            `${idle} program runs in ${REST_MS / 1_000} s at rest`,
          ],
        },
        {
          scenario: 'agent',
          peers,
          ...against(
            changes.map(({ ms }) => ms),
            floors.map(({ ms }) => ms),
          ),
          notes: [
            `a change of one peer, by ${Math.max(...changes.map(({ runs }) => runs))} program runs at most, ${median(changes.map(({ runs }) => runs))} usually; the floor is wg by hand`,
          ],
        },
      ] satisfies Result[]
    } finally {
      await rm(stateDir, { recursive: true, force: true })
    }
  },
}
