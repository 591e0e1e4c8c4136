import { pino } from 'pino'
import { runAgent } from '../../src/agent/agent.ts'
import { agentSettings } from '../../src/agent/settings.ts'
import { systemClock } from '../../src/clock.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { loadSettings } from '../../src/settings.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'

export interface TestAgent {
  readonly name: string
  readonly driver: MemoryDriver
  readonly done: Promise<void>
  /** What it logged, a line of JSON each. */
  readonly lines: readonly string[]
  stop(): Promise<void>
}

/** A real agent on an in-memory device, in this process. */
export function startTestAgent(name: string, token: string): TestAgent {
  const abort = new AbortController()
  const driver = new MemoryDriver()
  const lines: string[] = []
  const settings = loadSettings(agentSettings, { environment: {}, flags: { join: token, name } })
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const tools = { clock: systemClock, random: systemRandom, log, signal: abort.signal, driver }
  const done = runAgent(settings, tools)
  done.catch(() => undefined)
  return {
    name,
    driver,
    done,
    lines,
    async stop() {
      abort.abort()
      await done.catch(() => undefined)
    },
  }
}
