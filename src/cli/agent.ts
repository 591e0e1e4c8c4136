import { Command } from 'commander'
import { runAgent } from '../agent/agent.ts'
import { agentSettings } from '../agent/settings.ts'
import { systemClock } from '../clock.ts'
import { systemRandom } from '../keys/random.ts'
import { openLogger } from './logger.ts'
import { addSettingOptions, settingsFrom } from './options.ts'
import { stopSignal } from './signals.ts'

const EXAMPLES = `
Examples:
  weft agent --join weftjoin1_…                join until it is stopped; leaves nothing behind
  weft agent --join weftjoin1_… --state-dir /var/lib/weft/agent
                                               join for good; from then on 'weft agent' is enough
  WEFT_JOIN=weftjoin1_… weft agent             the token is not to be seen in the process list`

/** `weft agent` */
export function agentCommand(): Command {
  const command = new Command('agent').description('Run the agent of this machine until SIGTERM or SIGINT.')
  return addSettingOptions(command, agentSettings)
    .addHelpText('after', EXAMPLES)
    .action(async (flags: Record<string, unknown>) => {
      const settings = settingsFrom(agentSettings, flags, 'agent.yaml')
      const log = openLogger(settings.logLevel)
      await runAgent(settings, { clock: systemClock, random: systemRandom, log, signal: stopSignal() })
    })
}
