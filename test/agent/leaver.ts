// The process of a node that has left its controller, `node test/agent/leaver.ts STATEDIR`: its interface is busy at first.
import { pino } from 'pino'
import { runAgent } from '../../src/agent/agent.ts'
import { agentSettings } from '../../src/agent/settings.ts'
import { systemClock } from '../../src/clock.ts'
import { toWeftError } from '../../src/errors.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { loadSettings } from '../../src/settings.ts'
import type { InterfaceName } from '../../src/wireguard/device.ts'
import { StuckDriver } from './stuck.ts'

class BusyAtFirst extends StuckDriver {
  override async remove(name: InterfaceName): Promise<void> {
    if (this.tries < 2) this.busy.add(name)
    else this.busy.clear()
    return super.remove(name)
  }
}

const [stateDir = ''] = process.argv.slice(2)
const driver = new BusyAtFirst()
try {
  await runAgent(loadSettings(agentSettings, { environment: {}, flags: { stateDir } }), {
    clock: systemClock,
    random: systemRandom,
    log: pino({ level: 'silent' }),
    signal: new AbortController().signal,
    driver,
  })
} catch (error) {
  process.stdout.write(`${driver.tries} tries, then ${toWeftError(error).message}`)
}
